package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	signer "github.com/postern-wasm/postern/host/sign"
)

const signHelp = `sign signs one request as a sender does, and prints it as a command line of curl:
to try a configuration with, or to see what your own client should have made.
Nothing is sent.

SCHEME is a preset's name or a scheme's:
%s
A shared secret comes from the environment (--secret-env), a file (--secret-file;
one line break at its end is left out) or the command line (--secret, which other
users of this machine can read). It is written as those who issue it do:
whsec_... for Standard Webhooks and Svix, base64 for Azure, hex for Akamai,
base64url for Google, plain text elsewhere. A private key (JWK, JWKS or PEM) comes
from a file with --key. Where senders sign with two secrets while they rotate,
give several.

Times are a duration from now ("-5m"), Unix seconds or RFC 3339. With --time,
--nonce and --id the same request comes out each time, but for RSA-PSS.

--base prints what is signed in place of the request: compare it with what the
other side has signed, or with what postern explain says that ours is.

--output curl (the default) is a command for a POSIX shell, http the request as it
goes over the wire, json a line for postern replay, with the time as "now".

What counts for which scheme, besides --time:
%s` + exitHelp

// signFlags are the command line of `sign`.
type signFlags struct {
	method, data         string
	headers              []string
	time                 string
	secrets, envs, files []string
	keys                 []string
	keyID                string
	expires, start       string
	base                 bool
	output               signOutput
	options              signer.Options
}

// signOutput is the value of sign's own --output.
type signOutput string

const (
	signCurl signOutput = "curl"
	signHTTP signOutput = "http"
	signJSON signOutput = "json"
)

// String returns the form's name.
func (f *signOutput) String() string { return string(*f) }

// Set takes "curl", "http" or "json".
func (f *signOutput) Set(s string) error {
	switch signOutput(s) {
	case signCurl, signHTTP, signJSON:
		*f = signOutput(s)
		return nil
	}
	return errors.New(`must be "curl", "http" or "json"`)
}

// Type names the value in the help.
func (f *signOutput) Type() string { return "curl|http|json" }

func newSignCommand(a *app) *cobra.Command {
	f := signFlags{output: signCurl}
	cmd := &cobra.Command{
		Use:   "sign SCHEME URL",
		Short: "Sign a request as a sender does, for any preset and scheme",
		Long:  fmt.Sprintf(signHelp, schemeList(), readsList()),
		Example: `  postern sign github https://edge.example/hook --secret-env GITHUB_SECRET --data @push.json
  postern sign slack https://edge.example/slack --secret-env SLACK_SECRET --data 'text=hi' --time -10m
  postern sign rfc9421 https://api.example/orders --key client.pem --key-id client-1 --data '{}' --output http
  postern sign sigv4 https://api.example/items --secret-file aws --key-id AKIDEXAMPLE --region eu-west-1 --service execute-api
  postern sign stripe https://h.example/ --secret whsec_test --data @event.json -o json | postern replay --config postern.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New(`want a scheme and a URL; see "postern sign --help"`)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.sign(cmd.Flags(), f, args[0], args[1], time.Now())
		},
	}
	f.define(cmd.Flags())
	return cmd
}

// schemeList is the table of schemes, for the help.
func schemeList() string {
	var b strings.Builder
	for _, s := range signer.Schemes() {
		fmt.Fprintf(&b, "  %-18s %s\n", s.Name, s.About)
	}
	return b.String()
}

// readsList says which flags count for which scheme.
func readsList() string {
	var b strings.Builder
	for _, s := range signer.Schemes() {
		if s.Reads != nil {
			fmt.Fprintf(&b, "  %-18s --%s\n", s.Name, strings.Join(s.Reads, " --"))
		}
	}
	return b.String()
}

// sign prints a signed request, or what is signed.
func (a *app) sign(set *pflag.FlagSet, f signFlags, name, url string, now time.Time) error {
	scheme, ok := signer.Lookup(name)
	if !ok {
		return fmt.Errorf(`no scheme %q; see "postern sign --help"`, name)
	}
	if err := foreign(set, scheme); err != nil {
		return err
	}
	keys, err := f.signingKeys(scheme)
	if err != nil {
		return err
	}
	if err := f.times(now); err != nil {
		return err
	}
	request, err := a.request(f, url)
	if err != nil {
		return err
	}
	if f.base {
		base, err := scheme.Base(request, keys, f.options)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "%s\n", base)
		return err
	}
	signed, err := scheme.Sign(request, keys, f.options)
	if err != nil {
		return err
	}
	return a.print(signed, f)
}

// print writes the signed request in the form that was asked for.
func (a *app) print(r *signer.Request, f signFlags) (err error) {
	switch f.output {
	case signCurl:
		_, err = fmt.Fprint(a.out, r.Curl())
	case signHTTP:
		_, err = a.out.Write(r.HTTP())
	case signJSON:
		enc := json.NewEncoder(a.out)
		enc.SetEscapeHTML(false)
		if r.Headers == nil {
			r.Headers = []signer.Header{}
		}
		line := struct {
			Now        int64             `json:"now"`
			Request    *signer.Request   `json:"request"`
			Properties map[string]string `json:"properties,omitempty"`
		}{Now: f.options.Time.Unix(), Request: r}
		if f.options.SourceIP != "" {
			line.Properties = map[string]string{"source.address": net.JoinHostPort(f.options.SourceIP, "50000")}
		}
		err = enc.Encode(line)
	}
	return err
}

// foreign refuses a flag that the scheme does not read: who gives it expects it to count.
func foreign(set *pflag.FlagSet, s signer.Scheme) error {
	var err error
	set.Visit(func(fl *pflag.Flag) {
		if err == nil && !slices.Contains(commonSignFlags, fl.Name) && !slices.Contains(s.Reads, fl.Name) {
			err = fmt.Errorf("--%s does not count for %s", fl.Name, s.Name)
			if s.Reads != nil {
				err = fmt.Errorf("%w, where --%s do", err, strings.Join(s.Reads, ", --"))
			}
		}
	})
	return err
}

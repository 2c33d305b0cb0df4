package main

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	signer "github.com/postern-wasm/postern/host/sign"
)

// maxSignBody bounds the body of a request to sign: 48 MiB, which in base64 fits a line
// of replay.
const maxSignBody = 48 << 20

// commonSignFlags count for every scheme.
var commonSignFlags = []string{
	"method", "data", "header", "time", "secret", "secret-env", "secret-file", "key", "key-id", "base", "output", "module", "help",
}

// define names the flags.
func (f *signFlags) define(fl *pflag.FlagSet) {
	o := &f.options
	fl.VarP(&f.output, "output", "o", `form of the output: "curl", "http" or "json"`)
	fl.BoolVar(&f.base, "base", false, "print what is signed, not the request")
	fl.StringVarP(&f.method, "method", "X", "", "method (default GET, with --data POST)")
	fl.StringArrayVarP(&f.headers, "header", "H", nil, "a header line, NAME: VALUE")
	fl.StringVarP(&f.data, "data", "d", "", "the body; @FILE is the file's content, @- that of stdin")
	fl.StringVar(&f.time, "time", "0s", "when it is signed")
	fl.StringArrayVar(&f.secrets, "secret", nil, "the shared secret itself")
	fl.StringArrayVar(&f.envs, "secret-env", nil, "name of the environment variable that holds it")
	fl.StringArrayVar(&f.files, "secret-file", nil, "file that holds it")
	fl.StringArrayVar(&f.keys, "key", nil, "file of a private key (JWK, JWKS or PEM)")
	fl.StringVar(&f.keyID, "key-id", "", "the key's name, access key or user name; which key of a set")

	fl.StringVar(&f.expires, "expires", "", "when the signature ends that states its end, as a duration from --time")
	fl.StringVar(&f.start, "start", "", "when a signed URL begins to be valid")
	fl.StringVar(&o.Nonce, "nonce", "", "the value that is used once (default random)")
	fl.StringVar(&o.ID, "id", "", "the message's id (default random)")
	fl.StringVar(&o.Algorithm, "algorithm", "", "what the key signs with, where the scheme leaves a choice: hmac-sha256, ed25519...")
	fl.StringArrayVar(&o.Components, "component", nil, "what is covered, in the scheme's words: @method, (request-target), date...")
	fl.StringVar(&o.Digest, "digest", "", "hash of the body's digest: sha-256 (the default) or sha-512")
	fl.StringVar(&o.PublicURL, "public-url", "", "the URL, or the origin, that the sender knows the receiver by")
	fl.StringVar(&o.Carrier, "carrier", "", "where the signature goes: header, query, cookie, body, signature, proxy-authorization")

	fl.StringVar(&o.Label, "label", "", `label of the signature (default "sig1")`)
	fl.StringVar(&o.Tag, "tag", "", "the parameter tag")
	fl.BoolVar(&o.WithAlgorithm, "with-algorithm", false, "add the parameter alg")
	fl.StringVar(&o.Agent, "agent", "", "URL of Signature-Agent")

	fl.StringVar(&o.Region, "region", "", "region of the scope")
	fl.StringVar(&o.Service, "service", "", "service of the scope")
	fl.BoolVar(&o.S3, "s3", false, "sign as for S3: the path as it is, the payload's hash stated")
	fl.BoolVar(&o.Payload, "payload-hash", false, "state the payload's hash in x-amz-content-sha256")
	fl.BoolVar(&o.Unsigned, "unsigned-payload", false, "leave the body uncovered")
	fl.BoolVar(&o.RawPath, "raw-path", false, "leave dot segments and doubled slashes in the path that is signed")
	fl.StringVar(&o.SessionToken, "session-token", "", "the security token")

	fl.StringVar(&o.Resource, "resource", "", "what a signed URL is for, if not the URL: Google's prefix, CloudFront's resource, Akamai's ACL")
	fl.StringVar(&o.SourceIP, "source-ip", "", "the client's address that a signed URL is bound to")
	fl.StringVar(&o.TokenName, "token-name", "", `name of the token (default "hdnts")`)
	fl.StringVar(&o.Salt, "salt", "", "salt that is signed and not sent")
	fl.StringVar(&o.Session, "session", "", "session id")
	fl.StringVar(&o.Data, "payload", "", "data of the token")
	fl.BoolVar(&o.EscapeEarly, "escape-early", false, "percent-encode before signing")
	fl.StringVar(&o.Expression, "expression", "", "expression of secure_link_md5, with $secret for the secret")
}

// times reads the three of them.
func (f *signFlags) times(now time.Time) (err error) {
	if f.options.Time, err = someTime(f.time, now); err != nil {
		return err
	}
	if f.start != "" {
		if f.options.Start, err = someTime(f.start, now); err != nil {
			return err
		}
	}
	if f.expires != "" {
		if f.options.Expires, err = time.ParseDuration(f.expires); err != nil {
			return fmt.Errorf(`--expires: %q is no duration such as "10m"`, f.expires)
		}
	}
	return nil
}

// someTime is parseTime where "none" makes no sense.
func someTime(text string, now time.Time) (time.Time, error) {
	t, ok, err := parseTime(text, now)
	if err == nil && !ok {
		err = errors.New("a request is signed at some time")
	}
	return t, err
}

// request makes the unsigned request.
func (a *app) request(f signFlags, url string) (*signer.Request, error) {
	body := []byte(f.data)
	if path, ok := strings.CutPrefix(f.data, "@"); ok {
		var err error
		if path == "-" {
			body, err = io.ReadAll(io.LimitReader(a.in, maxSignBody))
		} else {
			body, err = readBounded(path, maxSignBody)
		}
		if err != nil {
			return nil, err
		}
	}
	method := f.method
	if method == "" {
		method = "GET"
		if len(body) > 0 {
			method = "POST"
		}
	}
	r, err := signer.NewRequest(method, url, body)
	if err != nil {
		return nil, err
	}
	for _, line := range f.headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t\r\n") || strings.ContainsAny(value, "\r\n") {
			return nil, fmt.Errorf("--header %q: want NAME: VALUE", line)
		}
		if strings.EqualFold(name, "host") {
			r.Authority = strings.TrimSpace(value)
			continue
		}
		r.Add(name, strings.TrimSpace(value))
	}
	return r, nil
}

// signingKeys reads the keys, in the order flags, environment, files, private keys.
func (f *signFlags) signingKeys(s signer.Scheme) ([]signer.Key, error) {
	texts := append([]string(nil), f.secrets...)
	for _, name := range f.envs {
		text, ok := os.LookupEnv(name)
		if !ok {
			// The name is not quoted: who mixes the flags up writes a secret there.
			return nil, errors.New("--secret-env names a variable that is not set")
		}
		texts = append(texts, text)
	}
	for _, path := range f.files {
		text, err := readBounded(path, maxKeyFile)
		if err != nil {
			return nil, err
		}
		texts = append(texts, strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"))
	}
	var keys []signer.Key
	for _, text := range texts {
		secret, err := s.Secret(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, signer.Key{ID: f.keyID, Secret: secret})
	}
	for _, path := range f.keys {
		key, err := f.privateKey(path)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if keys == nil {
		return nil, errors.New("a key is needed: --secret-env, --secret-file, --secret or --key")
	}
	return keys, nil
}

// privateKey reads a file. The key's own name serves where none is given.
func (f *signFlags) privateKey(path string) (signer.Key, error) {
	set, err := readKeys(path)
	if err != nil {
		return signer.Key{}, err
	}
	key, err := chooseKey(path, set, f.keyID)
	if err != nil && len(set) == 1 { // the name that the other side knows it by is another
		key, err = set[0], nil
	}
	if err != nil {
		return signer.Key{}, err
	}
	id := f.keyID
	if id == "" {
		id = key.KeyID()
	}
	var raw any
	if err := key.Raw(&raw); err != nil {
		return signer.Key{}, errors.New("the key cannot be used") // the cause may quote it
	}
	switch k := raw.(type) {
	case []byte:
		return signer.Key{ID: id, Secret: k}, nil
	case crypto.Signer:
		return signer.Key{ID: id, Private: k}, nil
	}
	return signer.Key{}, fmt.Errorf("%s holds no private key", path)
}

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/spf13/cobra"
)

// maxInspect bounds a token read from stdin: 1 MiB, far over any limit of Postern.
const maxInspect = 1 << 20

const notVerified = "NOT VERIFIED: anybody can write a token like this"

func newTokenInspectCommand(a *app) *cobra.Command {
	var jwks string
	cmd := &cobra.Command{
		Use:   "inspect [TOKEN|-]",
		Short: "Show what is inside of a token",
		Long: `inspect decodes a token and prints header and claims. It does NOT verify it,
unless --jwks names the keys; then the signature is checked, and a wrong one is
exit code 1. It checks nothing else: times, issuer and audience are shown, not
judged. What Postern itself says of a token, "postern replay" tells.

Without TOKEN, or with "-", it is read from stdin: other users of the machine can
see a command line. The signature's bytes are not printed.
` + exitHelp,
		Example: `  postern token inspect - < token.txt
  postern token mint --key signing.jwk | postern token inspect --jwks jwks.json --output json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var keys []jwk.Key
			var err error
			if jwks != "" {
				if keys, err = readKeys(jwks); err != nil {
					return err
				}
			}
			token := "-"
			if len(args) == 1 {
				token = args[0]
			}
			if token == "-" {
				data, err := io.ReadAll(io.LimitReader(a.in, maxInspect+1))
				if err != nil {
					return fmt.Errorf("cannot read the token from stdin: %w", err)
				}
				if len(data) > maxInspect {
					return fmt.Errorf("the token is longer than %d bytes", maxInspect)
				}
				token = string(data)
			}
			return a.inspect(token, keys, time.Now())
		},
	}
	cmd.Flags().StringVar(&jwks, "jwks", "", "file of the keys to verify the signature with (JWKS, JWK or PEM)")
	return cmd
}

// inspection is what `token inspect --output json` prints.
type inspection struct {
	Verified       bool            `json:"verified"`
	Note           string          `json:"note"`
	Key            string          `json:"key,omitempty"`
	Header         json.RawMessage `json:"header"`
	Claims         json.RawMessage `json:"claims"`
	SignatureBytes int             `json:"signature_bytes"`
	Times          []timeNote      `json:"times,omitempty"`
}

type timeNote struct {
	Claim string `json:"claim"`
	Time  string `json:"time"`
	Note  string `json:"note"`
}

func (a *app) inspect(token string, keys []jwk.Key, now time.Time) error {
	token = strings.TrimSpace(token)
	if scheme, rest, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "bearer") {
		token = strings.TrimSpace(rest)
	}
	in, signature, err := decodeToken(token)
	if err != nil {
		return refusedf("not a signed token: %v", err)
	}
	in.Note, in.SignatureBytes = notVerified, len(signature)
	in.Times = times(in.Claims, now)
	if keys != nil {
		in.Verified, in.Key, in.Note = verifySignature(token, signature, in.Header, keys)
	}
	if err := a.showInspection(in); err != nil {
		return err
	}
	if keys != nil && !in.Verified {
		return refusedf("%s", in.Note)
	}
	return nil
}

// decodeToken takes a compact JWS apart. Strict base64url, as Postern is.
func decodeToken(token string) (in inspection, signature []byte, err error) {
	segments := strings.Split(token, ".")
	switch len(segments) {
	case 3:
	case 5:
		return in, nil, errors.New("five segments: an encrypted token (JWE)")
	default:
		return in, nil, fmt.Errorf("%d segments, not 3", len(segments))
	}
	parts := make([][]byte, 3)
	for i, name := range []string{"header", "payload", "signature"} {
		parts[i], err = base64.RawURLEncoding.Strict().DecodeString(segments[i])
		if err != nil {
			return in, nil, fmt.Errorf("the %s is not base64url without padding (%w)", name, err)
		}
		if i < 2 && !json.Valid(parts[i]) {
			return in, nil, fmt.Errorf("the %s is not JSON", name)
		}
	}
	in.Header, in.Claims = printable(parts[0]), printable(parts[1])
	return in, parts[2], nil
}

// printable returns JSON text in which no character can steer a terminal: what
// Unicode calls control or format stands escaped. Numbers keep their digits.
func printable(data []byte) json.RawMessage {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(string(data), "\ufffd") {
		switch {
		case r == '\n' || r == '\r' || r == '\t': // white space: JSON has none raw in strings
			b.WriteRune(r)
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
			for _, u := range utf16Units(r) {
				fmt.Fprintf(&b, `\u%04x`, u)
			}
		default:
			b.WriteRune(r)
		}
	}
	return json.RawMessage(b.String())
}

func utf16Units(r rune) []rune {
	if r < 0x10000 {
		return []rune{r}
	}
	r -= 0x10000
	return []rune{0xd800 + r>>10, 0xdc00 + r&0x3ff}
}

// times explains the time claims that are numbers.
func times(claims json.RawMessage, now time.Time) []timeNote {
	var c map[string]json.RawMessage
	if json.Unmarshal(claims, &c) != nil {
		return nil
	}
	var notes []timeNote
	for _, name := range []string{"iat", "nbf", "exp"} {
		seconds, err := strconv.ParseFloat(string(c[name]), 64)
		if err != nil || seconds < 0 || seconds > 1<<36 {
			continue
		}
		at := time.Unix(int64(seconds), 0)
		note := ago(now.Sub(at))
		switch {
		case name == "exp" && !now.Before(at):
			note += ": expired"
		case name == "nbf" && now.Before(at):
			note += ": not valid yet"
		}
		notes = append(notes, timeNote{name, at.UTC().Format(time.RFC3339), note})
	}
	return notes
}

func ago(d time.Duration) string {
	if d < 0 {
		return "in " + (-d).Round(time.Second).String()
	}
	return d.Round(time.Second).String() + " ago"
}

// verifySignature tries the key that the header's kid names, or without such a
// key every one that fits the header's algorithm.
func verifySignature(token string, signature []byte, header json.RawMessage, keys []jwk.Key) (ok bool, kid, note string) {
	var h struct{ Alg, Kid string }
	if json.Unmarshal(header, &h) != nil {
		return false, "", "NOT VERIFIED: alg and kid of the header are no strings"
	}
	alg, err := findAlgorithm(h.Alg)
	if err != nil {
		return false, "", "NOT VERIFIED: " + err.Error()
	}
	verifier, err := jws.NewVerifier(alg.name)
	if err != nil {
		return false, "", "NOT VERIFIED: " + err.Error()
	}
	input := []byte(token[:strings.LastIndexByte(token, '.')])
	tried := 0
	for _, k := range keys {
		if !alg.fits(k) || h.Kid != "" && k.KeyID() != "" && k.KeyID() != h.Kid {
			continue
		}
		if pub, err := k.PublicKey(); err == nil {
			k = pub
		}
		var raw any
		if k.Raw(&raw) != nil {
			continue
		}
		tried++
		if verifier.Verify(input, signature, raw) == nil {
			return true, k.KeyID(), "signature verified; nothing else was checked"
		}
	}
	if tried == 0 {
		return false, "", fmt.Sprintf("NOT VERIFIED: no key fits alg %s and kid %q", alg.name, h.Kid)
	}
	return false, "", "NOT VERIFIED: the signature is wrong"
}

func (a *app) showInspection(in inspection) error {
	if a.output == outputJSON {
		return writeJSON(a.out, in)
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, in.Note)
	for _, part := range []struct {
		name string
		data json.RawMessage
	}{{"header", in.Header}, {"claims", in.Claims}} {
		b.WriteString(part.name + " ")
		if err := json.Indent(&b, part.data, "", "  "); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "signature %d bytes\n", in.SignatureBytes)
	for _, t := range in.Times {
		fmt.Fprintf(&b, "%s %s (%s)\n", t.Claim, t.Time, t.Note)
	}
	_, err := a.out.Write(b.Bytes())
	return err
}

package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/spf13/cobra"
)

func newTokenCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Mint and inspect JWTs",
		Long: `token mints signed JWTs (JWS compact form) to try a configuration with, and
shows what is inside of one.
` + exitHelp,
		Example: `  postern token mint --key signing.jwk --iss https://login.example --aud orders --sub alice
  postern token mint --key signing.jwk --exp -1h | postern token inspect -`,
		Args: cobra.ArbitraryArgs,
		RunE: needsSubcommand,
	}
	cmd.AddCommand(newTokenMintCommand(a), newTokenInspectCommand(a))
	return cmd
}

// mintFlags are what `token mint` puts into a token.
type mintFlags struct {
	key, alg, kid   string
	iss, sub, jti   string
	aud             []string
	exp, nbf, iat   string
	claims, headers []string
}

func newTokenMintCommand(a *app) *cobra.Command {
	var f mintFlags
	cmd := &cobra.Command{
		Use:   "mint --key FILE",
		Short: "Sign a token",
		Long: `mint signs a token with a private key (JWK, JWKS or PEM; for HS256 and its kin a
JWK of kty "oct") and prints it.

Times are a duration from now ("5m", "-1h"), Unix seconds, RFC 3339, or "none"
to leave the claim out. Without --exp a token lives five minutes.

--claim and --header take NAME=VALUE; VALUE is JSON, and what is not JSON is
taken as a string. They come last and win over what mint would set by itself,
so that tokens that must be refused can be made too. The header "alg" is the
algorithm that was used, unless --header says otherwise.
` + exitHelp,
		Example: `  postern token mint --key signing.jwk --iss https://login.example --aud orders --sub alice
  postern token mint --key rsa.pem --alg PS256 --kid 2026-11 --exp 1h --claim 'roles=["admin"]'
  postern token mint --key signing.jwk --exp none --header 'crit=["x"]'
  curl -H "Authorization: Bearer $(postern token mint --key signing.jwk)" http://127.0.0.1:8080/`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.mint(f, time.Now()) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.key, "key", "", "file of the private key (JWK, JWKS or PEM)")
	fl.StringVar(&f.alg, "alg", "", "algorithm (default the key's own): "+algorithmNames())
	fl.StringVar(&f.kid, "kid", "", "which key of a set, and the kid in the header (default the key's own)")
	fl.StringVar(&f.iss, "iss", "", "issuer")
	fl.StringArrayVar(&f.aud, "aud", nil, "audience; several make an array")
	fl.StringVar(&f.sub, "sub", "", "subject")
	fl.StringVar(&f.jti, "jti", "", "the token's own id")
	fl.StringVar(&f.exp, "exp", "5m", "when it expires")
	fl.StringVar(&f.nbf, "nbf", "none", "from when it is valid")
	fl.StringVar(&f.iat, "iat", "0s", "when it was issued")
	fl.StringArrayVar(&f.claims, "claim", nil, "another claim, NAME=VALUE")
	fl.StringArrayVar(&f.headers, "header", nil, "another member of the JOSE header, NAME=VALUE")
	return cmd
}

// minted is what `token mint --output json` prints.
type minted struct {
	Token  string                     `json:"token"`
	Header map[string]json.RawMessage `json:"header"`
	Claims map[string]json.RawMessage `json:"claims"`
}

func (a *app) mint(f mintFlags, now time.Time) error {
	if f.key == "" {
		return errors.New("--key is needed: the file of the private key; `postern keys new` makes one")
	}
	keys, err := readKeys(f.key)
	if err != nil {
		return err
	}
	key, err := chooseKey(f.key, keys, f.kid)
	if err != nil {
		return err
	}
	if private, err := jwk.IsPrivateKey(key); err == nil && !private {
		return fmt.Errorf("%s holds a public key; signing needs the private one", f.key)
	}
	alg, err := algorithmFor(key, f.alg)
	if err != nil {
		return err
	}
	m, err := f.contents(now, alg, key)
	if err != nil {
		return err
	}
	if m.Token, err = sign(alg, key, m.Header, m.Claims); err != nil {
		return err
	}
	if a.output == outputJSON {
		return writeJSON(a.out, m)
	}
	fmt.Fprintln(a.out, m.Token)
	return nil
}

// contents builds header and claims.
func (f mintFlags) contents(now time.Time, alg algorithm, key jwk.Key) (m minted, err error) {
	m.Header = map[string]json.RawMessage{"alg": text(string(alg.name)), "typ": text("JWT")}
	kid := f.kid
	if kid == "" {
		kid = key.KeyID()
	}
	if kid != "" {
		m.Header["kid"] = text(kid)
	}
	m.Claims = make(map[string]json.RawMessage)
	for name, value := range map[string]string{"iss": f.iss, "sub": f.sub, "jti": f.jti} {
		if value != "" {
			m.Claims[name] = text(value)
		}
	}
	switch len(f.aud) {
	case 0:
	case 1:
		m.Claims["aud"] = text(f.aud[0])
	default:
		list, err := json.Marshal(f.aud)
		if err != nil {
			return m, err
		}
		m.Claims["aud"] = list
	}
	for _, t := range []struct{ name, value string }{{"exp", f.exp}, {"nbf", f.nbf}, {"iat", f.iat}} {
		at, ok, err := parseTime(t.value, now)
		if err != nil {
			return m, fmt.Errorf("--%s: %w", t.name, err)
		}
		if ok {
			m.Claims[t.name] = json.RawMessage(fmt.Sprint(at.Unix()))
		}
	}
	if err := addMembers(m.Claims, "--claim", f.claims); err != nil {
		return m, err
	}
	return m, addMembers(m.Header, "--header", f.headers)
}

// text returns s as JSON.
func text(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage(`""`) // a string always marshals
	}
	return b
}

// addMembers adds NAME=VALUE members to m. A name given twice is a slip.
func addMembers(m map[string]json.RawMessage, flag string, members []string) error {
	var given []string
	for _, member := range members {
		name, value, ok := strings.Cut(member, "=")
		if !ok || name == "" {
			return fmt.Errorf(`%s %q: must be NAME=VALUE`, flag, member)
		}
		if slices.Contains(given, name) {
			return fmt.Errorf("%s: %q is given twice", flag, name)
		}
		given = append(given, name)
		if json.Valid([]byte(value)) {
			m[name] = json.RawMessage(value)
		} else {
			m[name] = text(value)
		}
	}
	return nil
}

// parseTime reads a duration from now, Unix seconds, RFC 3339 or "none".
func parseTime(s string, now time.Time) (t time.Time, ok bool, err error) {
	if s == "none" {
		return time.Time{}, false, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(d), true, nil
	}
	var seconds int64
	if json.Unmarshal([]byte(s), &seconds) == nil {
		return time.Unix(seconds, 0), true, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true, nil
	}
	return time.Time{}, false, fmt.Errorf(`%q is no time: write "5m", "-1h", Unix seconds, RFC 3339 or "none"`, s)
}

// sign returns the compact serialisation (RFC 7515 §7.1). It is put together
// here and not by the library's jws.Sign, which refuses headers that a token
// made to be refused must have.
func sign(alg algorithm, key jwk.Key, header, claims map[string]json.RawMessage) (string, error) {
	var raw any
	if err := key.Raw(&raw); err != nil {
		return "", errors.New("the key cannot be used") // the cause may quote it
	}
	h, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("header: %w", err)
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("claims: %w", err)
	}
	signer, err := jws.NewSigner(alg.name)
	if err != nil {
		return "", err
	}
	input := base64.RawURLEncoding.EncodeToString(h) + "." + base64.RawURLEncoding.EncodeToString(c)
	signature, err := signer.Sign([]byte(input), raw)
	if err != nil {
		return "", fmt.Errorf("cannot sign with %s: %w", alg.name, err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

package explain

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-wasm/postern/host/abi"
	"github.com/postern-wasm/postern/host/replay"
	"github.com/postern-wasm/postern/host/upstream"
	"github.com/postern-wasm/postern/plugin/config"
	"github.com/postern-wasm/postern/plugin/jsonx"
)

const (
	// maxFetched bounds one document, more than any configuration may take.
	maxFetched   = 4 << 20
	fetchTimeout = 15 * time.Second
)

// Fetch gets the remote key sets that a case's configuration names, from this machine, and
// puts them among its callouts: where the case has an answer already, that one stays. A
// configuration that is refused has none.
func Fetch(ctx context.Context, c *replay.Case, client *http.Client) error {
	cfg, problems := config.Parse(c.Config, lookup(c.Env))
	if cfg == nil {
		_ = problems // the module will say so
		return nil
	}
	if c.Callouts == nil {
		c.Callouts = map[string]replay.Script{}
	}
	get := func(cluster, uri string) (*upstream.Answer, error) {
		key := cluster + " " + uri
		if have, ok := c.Callouts[key]; ok {
			return &have[0], nil
		}
		a, err := fetchOne(ctx, client, uri)
		if err != nil {
			return nil, fmt.Errorf("cannot fetch %s: %w", uri, err)
		}
		c.Callouts[key] = replay.Script{*a}
		return a, nil
	}
	for i := range cfg.Remote {
		set := &cfg.Remote[i]
		a, err := get(set.Cluster, set.URI)
		if err != nil {
			return err
		}
		if set.Issuer == "" {
			continue
		}
		if keysURI(a) == "" && set.OtherURI != "" {
			if a, err = get(set.Cluster, set.OtherURI); err != nil {
				return err
			}
		}
		if uri := keysURI(a); uri != "" {
			if _, err = get(set.Cluster, uri); err != nil {
				return err
			}
		}
	}
	return nil
}

// keysURI is the jwks_uri of an issuer's metadata, "" if it names none.
func keysURI(a *upstream.Answer) string {
	var doc jsonx.Doc
	if doc.Parse(append([]byte(nil), a.Body...), jsonx.Limits{MaxBytes: maxFetched, MaxDepth: 32, Seed: seed}) != nil {
		return ""
	}
	v, _ := doc.Root().Member("jwks_uri")
	if v.Kind() != jsonx.String || !strings.HasPrefix(v.Text(), "http") {
		return ""
	}
	return strings.Clone(v.Text())
}

// fetchOne asks once; a redirect is an answer like any other, as in a proxy.
func fetchOne(ctx context.Context, client *http.Client, uri string) (*upstream.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, err
	}
	still := *client
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := still.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxFetched))
	if err != nil {
		return nil, err
	}
	a := &upstream.Answer{Headers: []abi.Pair{{Name: ":status", Value: strconv.Itoa(res.StatusCode)}}, Body: body}
	for _, name := range [...]string{"Content-Type", "Cache-Control", "Age"} {
		if v := res.Header.Get(name); v != "" {
			a.Headers = append(a.Headers, abi.Pair{Name: strings.ToLower(name), Value: v})
		}
	}
	return a, nil
}

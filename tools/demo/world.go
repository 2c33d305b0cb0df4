package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// world is everything that takes part: two servers of ours, one upstream, two
// key-set servers.
type world struct {
	keys       keyring
	upstream   *recorder
	login      *keyServer // of the first server
	late       *keyServer // of the second one, off at first
	main, cold *child
	postern    string // the command
	config     string // file of the first server's configuration
}

func newWorld(ctx context.Context, build, dir string) (w *world, err error) {
	w = &world{postern: filepath.Join(build, "postern"), config: filepath.Join(dir, "postern.json")}
	defer func() {
		if err != nil {
			_ = w.close()
		}
	}()
	if w.keys, err = newKeyring(); err != nil {
		return w, err
	}
	if w.upstream, err = newRecorder(ctx); err != nil {
		return w, err
	}
	if w.login, err = newKeyServer(ctx, true); err != nil {
		return w, err
	}
	if w.late, err = newKeyServer(ctx, false); err != nil {
		return w, err
	}
	if err := w.publish(false); err != nil {
		return w, err
	}
	config, err := mainConfig("http://"+w.login.addr, w.keys, "orders")
	if err != nil {
		return w, err
	}
	if err := store(w.config, config); err != nil {
		return w, err
	}
	w.main, err = startServe(ctx, w.postern, "--config", w.config, "--upstream", "http://"+w.upstream.addr)
	return w, err
}

// startCold starts the second server, with one worker, while there are no keys.
func (w *world) startCold(ctx context.Context) (err error) {
	config := filepath.Join(filepath.Dir(w.config), "cold", "postern.json")
	if err := os.Mkdir(filepath.Dir(config), 0o700); err != nil {
		return err
	}
	if err := store(config, coldConfig()); err != nil {
		return err
	}
	w.cold, err = startServe(ctx, w.postern, "--config", config, "--upstream", "http://"+w.upstream.addr,
		"--workers", "1", "--cluster", "login=http://"+w.late.addr)
	return err
}

// publish puts the key sets on the servers; after the rotation with the next key.
func (w *world) publish(rotated bool) error {
	keys := map[string]any{"rsa": w.keys.rsa.Public(), "ec": w.keys.ec.Public(), "ed": w.keys.ed.Public()}
	if rotated {
		keys["next"] = w.keys.next.Public()
	}
	jwks, err := set(keys)
	if err != nil {
		return err
	}
	w.login.publish("/corp.json", jwks)
	w.login.publish("/edge.json", jwks)
	w.late.publish("/corp.json", jwks)
	return nil
}

// close stops everything; the error says what did not stop as it should.
func (w *world) close() error {
	var errs []error
	for _, c := range []*child{w.main, w.cold} {
		if c != nil {
			errs = append(errs, c.stop())
		}
	}
	for _, s := range []*keyServer{w.login, w.late} {
		if s != nil {
			errs = append(errs, s.off())
		}
	}
	if w.upstream != nil {
		errs = append(errs, w.upstream.http.Close())
	}
	return errors.Join(errs...)
}

// logs returns what the servers have said, for when something went wrong.
func (w *world) logs() string {
	text := "\nfirst server:\n" + w.main.text()
	if w.cold != nil {
		text += "\nsecond server:\n" + w.cold.text()
	}
	return text
}

// outcome is what came of one request.
type outcome struct {
	status   int
	header   http.Header
	access   access
	upstream []*http.Request
}

// ask sends a row's request, byte for byte, and collects what came of it.
func (w *world) ask(ctx context.Context, r row) (o outcome, err error) {
	server := w.main
	if r.cold {
		server = w.cold
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", server.addr)
	if err != nil {
		return o, err
	}
	defer conn.Close() //nolint:errcheck // nothing is lost
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	var b strings.Builder
	method := "GET"
	if r.body != "" {
		method = "POST"
	}
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n", method, r.path)
	if r.body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(r.body))
	}
	for _, line := range r.headers(w.keys) {
		b.WriteString(line + "\r\n")
	}
	b.WriteString("\r\n" + r.body)
	if _, err := io.WriteString(conn, b.String()); err != nil {
		return o, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return o, err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is lost
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return o, err
	}
	o.status, o.header = resp.StatusCode, resp.Header
	select {
	case o.access = <-server.access:
	case <-ctx.Done():
		return o, errors.New("no access line came")
	}
	o.upstream = w.upstream.take()
	return o, nil
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return errors.New("interrupted")
	}
}

package envoy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

func adminClient() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{Proxy: nil}}
}

// get asks the admin interface; path carries its own query.
func (e *Envoy) get(ctx context.Context, path string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.admin+path, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := e.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// getJSON decodes the answer to path into v.
func (e *Envoy) getJSON(ctx context.Context, path string, v any) error {
	status, body, err := e.get(ctx, path)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("admin %s: status %d: %s", path, status, body)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("admin %s: %w", path, err)
	}
	return nil
}

// Admin is the host:port of the admin interface.
func (e *Envoy) Admin() string { return e.admin }

// Stats returns counters and gauges whose names match the regular expression
// filter ("" is all).
func (e *Envoy) Stats(ctx context.Context, filter string) (map[string]int64, error) {
	var answer struct {
		Stats []struct {
			Name  string          `json:"name"`
			Value json.RawMessage `json:"value"`
		} `json:"stats"`
	}
	if err := e.getJSON(ctx, "/stats?format=json&filter="+url.QueryEscape(filter), &answer); err != nil {
		return nil, err
	}
	stats := map[string]int64{}
	for _, s := range answer.Stats {
		// Text readouts and histograms have other values: not counters.
		if n, err := strconv.ParseInt(string(s.Value), 10, 64); err == nil {
			stats[s.Name] = n
		}
	}
	return stats, nil
}

// Memory is what one process holds, in bytes.
type Memory struct {
	// Allocated is what Envoy's allocator has handed out (admin /memory).
	Allocated int64
	// Resident is the process's resident set; 0 where /proc is missing.
	Resident int64
	// Guest is the linear memory of all wasm instances together, as their maps
	// in the address space show it; 0 where that cannot be seen.
	Guest int64
	// Guests is how many wasm instances Guest was counted over.
	Guests int
}

// Memory measures the process.
func (e *Envoy) Memory(ctx context.Context) (Memory, error) {
	var answer struct {
		Allocated string `json:"allocated"`
	}
	if err := e.getJSON(ctx, "/memory", &answer); err != nil {
		return Memory{}, err
	}
	allocated, err := strconv.ParseInt(answer.Allocated, 10, 64)
	if err != nil {
		return Memory{}, fmt.Errorf("admin /memory: %w", err)
	}
	m := Memory{Allocated: allocated}
	root := "/proc/" + strconv.Itoa(e.PID())
	if text, err := os.ReadFile(root + "/statm"); err == nil {
		m.Resident = residentBytes(string(text))
	}
	if file, err := os.Open(root + "/maps"); err == nil {
		defer func() { _ = file.Close() }()
		m.Guest, m.Guests = guestMemory(file)
	}
	return m, nil
}

// readAddrs learns which address each listener was given.
func (e *Envoy) readAddrs(ctx context.Context) error {
	var answer struct {
		Listeners []struct {
			Name  string `json:"name"`
			Local struct {
				Socket struct {
					Address string `json:"address"`
					Port    int    `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := e.getJSON(ctx, "/listeners?format=json", &answer); err != nil {
		return err
	}
	addrs := map[string]string{}
	for _, l := range answer.Listeners {
		if l.Local.Socket.Port == 0 {
			return errors.New("admin /listeners: a listener without a port")
		}
		addrs[l.Name] = net.JoinHostPort(l.Local.Socket.Address, strconv.Itoa(l.Local.Socket.Port))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.addrs = addrs
	return nil
}

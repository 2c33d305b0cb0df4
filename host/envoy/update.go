package envoy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// RefusedError says that Envoy refused an update and went on with what it had.
type RefusedError struct {
	// Plugin holds what plugins logged while the update was tried, without
	// repetitions.
	Plugin []string
}

// Error lists what the plugins said.
func (e *RefusedError) Error() string {
	return "envoy refused the update of its listeners:\n" + strings.Join(e.Plugin, "\n")
}

// Update replaces the listeners, as a control plane would, and waits until every
// worker serves the new ones. If Envoy refuses one of them it keeps the former
// one of that name, applies the others, and the error is a [*RefusedError].
func (e *Envoy) Update(ctx context.Context, listeners []Listener) error {
	if e.opts.Static || e.opts.Bootstrap != nil {
		return errors.New("the listeners of this envoy are static")
	}
	clusters := map[string]bool{}
	for _, c := range e.opts.Clusters {
		clusters[c.Name] = true
	}
	if err := checkListeners(listeners, clusters); err != nil {
		return err
	}
	before, err := e.listenerStats(ctx)
	if err != nil {
		return err
	}
	logged := len(e.logLines())
	changed := e.changed(listeners)
	if err := e.writeListeners(listeners); err != nil {
		return err
	}
	refused := false
	err = e.poll(ctx, func() (bool, error) {
		now, err := e.listenerStats(ctx)
		if err != nil {
			return false, err
		}
		if now.rejected > before.rejected {
			refused = true
			return true, nil
		}
		added := int64(changed * e.opts.Concurrency)
		return now.success > before.success && now.warming == 0 && now.added-before.added >= added, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the update of the listeners: %w", err)
	}
	if refused {
		return &RefusedError{Plugin: pluginLines(e.logLines()[logged:], "")}
	}
	e.mu.Lock()
	e.opts.Listeners = slices.Clone(listeners)
	e.mu.Unlock()
	return e.readAddrs(ctx)
}

// changed counts the listeners that differ from those now served.
func (e *Envoy) changed(listeners []Listener) int {
	former := map[string][]byte{}
	for _, l := range e.opts.Listeners {
		former[l.Name] = e.encoded(l)
	}
	n := 0
	for _, l := range listeners {
		if !bytes.Equal(former[l.Name], e.encoded(l)) {
			n++
		}
	}
	return n
}

func (e *Envoy) encoded(l Listener) []byte {
	text, err := json.Marshal(listenerConfig(l, e.opts.AccessFields, e.dir))
	if err != nil {
		return nil // writing the file reports it
	}
	return text
}

// writeListeners puts a new discovery response in place by a rename, which is
// what Envoy watches for.
func (e *Envoy) writeListeners(listeners []Listener) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.version++
	text, err := discovery(listeners, e.opts.AccessFields, e.dir, e.version)
	if err != nil {
		return err
	}
	next := ldsPath(e.dir) + ".next"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, ldsPath(e.dir))
}

type listenerStats struct{ success, rejected, added, warming int64 }

func (e *Envoy) listenerStats(ctx context.Context) (listenerStats, error) {
	stats, err := e.Stats(ctx, `^listener_manager\.`)
	if err != nil {
		return listenerStats{}, err
	}
	return listenerStats{
		success:  stats["listener_manager.lds.update_success"],
		rejected: stats["listener_manager.lds.update_rejected"],
		added:    stats["listener_manager.listener_create_success"],
		warming:  stats["listener_manager.total_listeners_warming"],
	}, nil
}

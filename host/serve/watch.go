package serve

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a file must be left alone before it is read: editors and
// kubelets write in several steps.
const settle = 150 * time.Millisecond

// watcher tells when a file may have changed. It watches directories and not
// the file: an editor that writes a new file and renames it over the old one,
// and a ConfigMap that swaps a symlink, both leave a watch on the old inode.
type watcher struct {
	path string
	fs   *fsnotify.Watcher
	dirs map[string]bool
}

func newWatcher(path string) (*watcher, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("cannot watch %s: %w", path, err)
	}
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("cannot watch %s: %w", path, err)
	}
	w := &watcher{path: path, fs: fs, dirs: make(map[string]bool)}
	if err := w.follow(); err != nil {
		_ = fs.Close()
		return nil, err
	}
	return w, nil
}

// follow watches the directory of the file and, where the file is a symlink,
// the directory that it leads to now. Other directories are let go.
func (w *watcher) follow() error {
	want := map[string]bool{filepath.Dir(w.path): true}
	if real, err := filepath.EvalSymlinks(w.path); err == nil {
		want[filepath.Dir(real)] = true
	}
	for dir := range w.dirs {
		if !want[dir] {
			_ = w.fs.Remove(dir) // it may be gone already
			delete(w.dirs, dir)
		}
	}
	for dir := range want {
		if w.dirs[dir] {
			continue
		}
		if err := w.fs.Add(dir); err != nil {
			return fmt.Errorf("cannot watch %s: %w", dir, err)
		}
		w.dirs[dir] = true
	}
	return nil
}

// run calls changed whenever something in the directories has changed and then
// been left alone, and failed when watching itself fails. It returns when ctx
// ends; changed is never called twice at the same time.
func (w *watcher) run(ctx context.Context, changed func(), failed func(error)) {
	defer w.fs.Close() //nolint:errcheck // nothing is left to lose
	timer := time.NewTimer(0)
	if !timer.Stop() {
		<-timer.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-w.fs.Events:
			if !ok {
				return
			}
			timer.Reset(settle)
		case err, ok := <-w.fs.Errors:
			if !ok {
				return
			}
			failed(err) // an overflow: events were lost, so look
			timer.Reset(settle)
		case <-timer.C:
			if err := w.follow(); err != nil {
				failed(err)
			}
			changed()
		}
	}
}

package state

// ErrNginx is the trap of a guest under the profile nginx that does what
// ngx_wasm_module traps on. It names the misuse.
type ErrNginx string

// Error names the misuse.
func (e ErrNginx) Error() string { return "ngx_wasm_module does not allow this: " + string(e) }

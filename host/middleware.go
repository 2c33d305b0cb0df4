package host

import "net/http"

// Middleware TODO
func (h *Host) Middleware(next http.Handler) http.Handler { return next }

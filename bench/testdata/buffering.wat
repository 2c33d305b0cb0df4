;; A proxy-wasm filter (ABI 0.2.0) that holds a request until its body is complete and
;; does nothing else, built by `wat2wasm buffering.wat -o buffering.wasm` (wabt 1.0.32).
;;
;; It is the floor of what a module can cost that judges bodies. In Envoy it needs
;; allow_on_headers_stop_iteration.
(module
  (memory (export "memory") 1)
  (func (export "proxy_abi_version_0_2_0"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 4096))
  (func (export "proxy_on_context_create") (param i32 i32))
  ;; Pause (1) unless that is the end of the stream.
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (i32.eqz (local.get 2)))
  (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
    (i32.eqz (local.get 2)))
)

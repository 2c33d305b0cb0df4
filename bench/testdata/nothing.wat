;; A proxy-wasm filter (ABI 0.2.0) that does nothing, built by
;; `wat2wasm nothing.wat -o nothing.wasm` (wabt 1.0.32).
;;
;; It is the floor of what a module can cost: Envoy calls the two callbacks that
;; every filter needs, and neither calls back. The allocator is never used.
(module
  (memory (export "memory") 1)
  (func (export "proxy_abi_version_0_2_0"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 4096))
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))
)

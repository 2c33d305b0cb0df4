;; A proxy-wasm plugin (ABI 0.2.0) for the tests of host/envoy, built by
;; `wat2wasm probe.wat -o probe.wasm` (wabt 1.0.32).
;;
;; Configuration: one that begins with '!' is refused after two error lines; any
;; other is logged. Request headers: x-deny answers 403 with the configuration
;; as body and `probe_denied{header}` as details; x-trap traps; x-grow takes
;; another 1 MiB of memory.
(module
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response" (func $answer (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 4096))
  (global $config (mut i32) (i32.const 0))
  (global $config_size (mut i32) (i32.const 0))
  (data (i32.const 16) "first mistake")
  (data (i32.const 32) "second mistake")
  (data (i32.const 48) "x-deny")
  (data (i32.const 64) "x-trap")
  (data (i32.const 80) "x-grow")
  (data (i32.const 96) "probe_denied{header}")

  (func (export "proxy_abi_version_0_2_0"))

  ;; Memory handed out is never taken back, but wraps within the second page.
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (local $at i32)
    (if (i32.gt_u (i32.add (global.get $heap) (local.get $size)) (i32.const 131072))
      (then (global.set $heap (i32.const 65536))))
    (local.set $at (global.get $heap))
    (global.set $heap (i32.add (global.get $heap) (local.get $size)))
    (local.get $at))

  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))

  (func (export "proxy_on_configure") (param $ctx i32) (param $size i32) (result i32)
    ;; buffer 7: plugin configuration
    (drop (call $buffer (i32.const 7) (i32.const 0) (local.get $size) (i32.const 0) (i32.const 4)))
    (global.set $config (i32.load (i32.const 0)))
    (global.set $config_size (i32.load (i32.const 4)))
    (if (i32.and (i32.gt_u (global.get $config_size) (i32.const 0))
                 (i32.eq (i32.load8_u (global.get $config)) (i32.const 33)))
      (then
        (drop (call $log (i32.const 4) (i32.const 16) (i32.const 13)))
        (drop (call $log (i32.const 4) (i32.const 32) (i32.const 14)))
        (return (i32.const 0))))
    (drop (call $log (i32.const 2) (global.get $config) (global.get $config_size)))
    (i32.const 1))

  (func $has (param $name i32) (result i32)
    (i32.eqz (call $header (i32.const 0) (local.get $name) (i32.const 6) (i32.const 0) (i32.const 4))))

  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (if (call $has (i32.const 64)) (then (unreachable)))
    (if (call $has (i32.const 80)) (then (drop (memory.grow (i32.const 16)))))
    (if (call $has (i32.const 48))
      (then
        (drop (call $answer (i32.const 403) (i32.const 96) (i32.const 20)
          (global.get $config) (global.get $config_size) (i32.const 0) (i32.const 0) (i32.const -1)))
        (return (i32.const 1))))
    (i32.const 0))
)

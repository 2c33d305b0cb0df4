;; A proxy-wasm plugin (ABI 0.2.0) for the tests of host/replay, built by
;; `wat2wasm bench.wat -o bench.wasm` (wabt 1.0.32).
;;
;; Configuration, by its first byte (of a JSON string, the first in it): '!' is
;; refused after two error lines and a warning; '?' is accepted after a warning;
;; 'T' sets a tick of one second; 'X' traps. All but 'X' are logged at info.
;;
;; Request headers: the second byte of :path says what to do.
;;   a  continue                      d  answer 401, details and provider set
;;   t  trap                          r  reset the stream
;;   h  pause and forget              w  pause until the next tick
;;   b  pause until the body's end    k  pause, and continue half way
;;   c  call cluster "jwks" GET h/k with 5 s, pause, continue on the answer with
;;      x-call (its status, or "reset") and x-body
;;   n  answer 200 with the time as 8 bytes
;;   s  answer 200 with one letter more than the last time, from shared data
;;   p  answer 200 with the property source.address
;;   e  answer 200 with the environment as WASI gives it
;;   u  trap on the next tick
;; Response headers: x-guest is added; a status that begins with 5 is answered
;; 418 instead. Each tick counts in the metric "ticks".
(module
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response" (func $answer (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_http_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $effective (param i32) (result i32)))
  (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
  (import "env" "proxy_close_stream" (func $close (param i32) (result i32)))
  (import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
  (import "env" "proxy_get_current_time_nanoseconds" (func $now (param i32) (result i32)))
  (import "env" "proxy_get_shared_data" (func $get_shared (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $set_shared (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_property" (func $get_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func $set_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $env_get (param i32 i32) (result i32)))
  (memory (export "memory") 3)
  (global $heap (mut i32) (i32.const 65536))
  (global $waits (mut i32) (i32.const 0))   ;; the context that the next tick continues
  (global $calls (mut i32) (i32.const 0))   ;; the context that the call's answer continues
  (global $mode (mut i32) (i32.const 0))    ;; 'b', 'k' or 0 of the request that has a body to come
  (global $doomed (mut i32) (i32.const 0))  ;; the next tick traps
  (global $ticks (mut i32) (i32.const 0))   ;; the metric

  (data (i32.const 64) "config: rules[0].x: bad")
  (data (i32.const 96) "config: default: worse: much")
  (data (i32.const 128) "config: realm: odd")
  (data (i32.const 160) ":path")
  (data (i32.const 176) ":status")
  (data (i32.const 192) "postern_denied{expired}")
  (data (i32.const 224) "\01\00\00\00\05\00\00\00\07\00\00\00x-why\00because\00")
  (data (i32.const 256) "postern.provider")
  (data (i32.const 288) "corp")
  (data (i32.const 304) "jwks")
  (data (i32.const 320) "\03\00\00\00\07\00\00\00\03\00\00\00\05\00\00\00\02\00\00\00\0a\00\00\00\01\00\00\00:method\00GET\00:path\00/k\00:authority\00h\00")
  (data (i32.const 400) "x-call")
  (data (i32.const 416) "x-body")
  (data (i32.const 432) "reset")
  (data (i32.const 448) "refused_by_the_host")
  (data (i32.const 480) "count")
  (data (i32.const 496) "source\00address")
  (data (i32.const 528) "x-guest")
  (data (i32.const 544) "yes")
  (data (i32.const 560) "ticks")
  (data (i32.const 576) "no")
  (data (i32.const 592) "teapot")

  (func (export "proxy_abi_version_0_2_0"))

  ;; Memory handed out is never taken back, but wraps within the second page.
  (func $allocate (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (local $at i32)
    (if (i32.gt_u (i32.add (global.get $heap) (local.get $size)) (i32.const 131072))
      (then (global.set $heap (i32.const 65536))))
    (local.set $at (global.get $heap))
    (global.set $heap (i32.add (global.get $heap) (local.get $size)))
    (local.get $at))

  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))

  (func (export "proxy_on_configure") (param $ctx i32) (param $size i32) (result i32)
    (local $first i32)
    (drop (call $define (i32.const 0) (i32.const 560) (i32.const 5) (i32.const 8)))
    (global.set $ticks (i32.load (i32.const 8)))
    (if (i32.eqz (local.get $size)) (then (return (i32.const 1))))
    (drop (call $buffer (i32.const 7) (i32.const 0) (local.get $size) (i32.const 0) (i32.const 4)))
    (local.set $first (i32.load8_u (i32.load (i32.const 0))))
    (if (i32.eq (local.get $first) (i32.const 0x22))
      (then (local.set $first (i32.load8_u offset=1 (i32.load (i32.const 0))))))
    (if (i32.eq (local.get $first) (i32.const 0x58)) (then (unreachable)))
    (drop (call $log (i32.const 2) (i32.load (i32.const 0)) (i32.load (i32.const 4))))
    (if (i32.eq (local.get $first) (i32.const 0x54))
      (then (drop (call $tick (i32.const 1000)))))
    (if (i32.eq (local.get $first) (i32.const 0x3f))
      (then (drop (call $log (i32.const 3) (i32.const 128) (i32.const 18)))))
    (if (i32.eq (local.get $first) (i32.const 0x21))
      (then
        (drop (call $log (i32.const 4) (i32.const 64) (i32.const 23)))
        (drop (call $log (i32.const 4) (i32.const 96) (i32.const 28)))
        (drop (call $log (i32.const 3) (i32.const 128) (i32.const 18)))
        (return (i32.const 0))))
    (i32.const 1))

  ;; answers 200 with a body
  (func $say (param $at i32) (param $size i32)
    (drop (call $answer (i32.const 200) (i32.const 0) (i32.const 0) (local.get $at) (local.get $size)
      (i32.const 0) (i32.const 0) (i32.const -1))))

  (func $deny
    (drop (call $set_property (i32.const 256) (i32.const 16) (i32.const 288) (i32.const 4)))
    (drop (call $answer (i32.const 401) (i32.const 192) (i32.const 23) (i32.const 576) (i32.const 2)
      (i32.const 224) (i32.const 26) (i32.const -1))))

  ;; the letters so far are at [0], their number at [4]; one more is stored
  (func $count
    (local $n i32)
    (local $at i32)
    (if (i32.eqz (call $get_shared (i32.const 480) (i32.const 5) (i32.const 0) (i32.const 4) (i32.const 8)))
      (then (local.set $n (i32.load (i32.const 4)))))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (local.set $at (call $allocate (local.get $n)))
    (memory.fill (local.get $at) (i32.const 0x61) (local.get $n))
    (drop (call $set_shared (i32.const 480) (i32.const 5) (local.get $at) (local.get $n) (i32.const 0)))
    (call $say (local.get $at) (local.get $n)))

  (func $environment
    (local $list i32)
    (local $text i32)
    (drop (call $env_sizes (i32.const 0) (i32.const 4)))
    (local.set $list (call $allocate (i32.mul (i32.load (i32.const 0)) (i32.const 4))))
    (local.set $text (call $allocate (i32.load (i32.const 4))))
    (drop (call $env_get (local.get $list) (local.get $text)))
    (call $say (local.get $text) (i32.load (i32.const 4))))

  (func $fetch (param $ctx i32)
    (global.set $calls (local.get $ctx))
    (if (call $call (i32.const 304) (i32.const 4) (i32.const 320) (i32.const 62) (i32.const 0) (i32.const 0)
          (i32.const 0) (i32.const 0) (i32.const 5000) (i32.const 8))
      (then (drop (call $answer (i32.const 424) (i32.const 448) (i32.const 19) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const -1))))))

  (func (export "proxy_on_request_headers") (param $ctx i32) (param $n i32) (param $end i32) (result i32)
    (local $do i32)
    (drop (call $header (i32.const 0) (i32.const 160) (i32.const 5) (i32.const 0) (i32.const 4)))
    (if (i32.lt_u (i32.load (i32.const 4)) (i32.const 2)) (then (return (i32.const 0))))
    (local.set $do (i32.load8_u offset=1 (i32.load (i32.const 0))))
    (global.set $mode (local.get $do))
    (if (i32.eq (local.get $do) (i32.const 0x61)) (then (return (i32.const 0)))) ;; a
    (if (i32.eq (local.get $do) (i32.const 0x64)) (then (call $deny)))
    (if (i32.eq (local.get $do) (i32.const 0x74)) (then (unreachable)))
    (if (i32.eq (local.get $do) (i32.const 0x72)) (then (drop (call $close (i32.const 0)))))
    (if (i32.eq (local.get $do) (i32.const 0x77)) (then (global.set $waits (local.get $ctx))))
    (if (i32.eq (local.get $do) (i32.const 0x63)) (then (call $fetch (local.get $ctx))))
    (if (i32.eq (local.get $do) (i32.const 0x6e))
      (then (drop (call $now (i32.const 16))) (call $say (i32.const 16) (i32.const 8))))
    (if (i32.eq (local.get $do) (i32.const 0x73)) (then (call $count)))
    (if (i32.eq (local.get $do) (i32.const 0x70))
      (then
        (i64.store (i32.const 0) (i64.const 0))
        (drop (call $get_property (i32.const 496) (i32.const 14) (i32.const 0) (i32.const 4)))
        (call $say (i32.load (i32.const 0)) (i32.load (i32.const 4)))))
    (if (i32.eq (local.get $do) (i32.const 0x65)) (then (call $environment)))
    (if (i32.eq (local.get $do) (i32.const 0x75))
      (then (global.set $doomed (i32.const 1)) (return (i32.const 0))))
    (i32.const 1))

  ;; 'b' holds all until the end; 'k' lets the first piece go and keeps the rest
  (func (export "proxy_on_request_body") (param $ctx i32) (param $size i32) (param $end i32) (result i32)
    (if (i32.eq (global.get $mode) (i32.const 0x62)) (then (return (i32.eqz (local.get $end)))))
    (if (i32.eq (global.get $mode) (i32.const 0x6b))
      (then (global.set $mode (i32.const 0x68)) (return (i32.const 0))))
    (i32.ne (global.get $mode) (i32.const 0x61)))

  (func (export "proxy_on_request_trailers") (param $ctx i32) (param $n i32) (result i32)
    (i32.and (i32.ne (global.get $mode) (i32.const 0x61)) (i32.ne (global.get $mode) (i32.const 0x62))))

  (func (export "proxy_on_http_call_response") (param $root i32) (param $id i32) (param $headers i32) (param $body i32) (param $trailers i32)
    (drop (call $effective (global.get $calls)))
    (if (i32.eqz (local.get $headers))
      (then (drop (call $add (i32.const 0) (i32.const 400) (i32.const 6) (i32.const 432) (i32.const 5))))
      (else
        (drop (call $header (i32.const 6) (i32.const 176) (i32.const 7) (i32.const 0) (i32.const 4)))
        (drop (call $add (i32.const 0) (i32.const 400) (i32.const 6) (i32.load (i32.const 0)) (i32.load (i32.const 4))))
        (if (i32.eqz (call $buffer (i32.const 4) (i32.const 0) (local.get $body) (i32.const 0) (i32.const 4)))
          (then (drop (call $add (i32.const 0) (i32.const 416) (i32.const 6) (i32.load (i32.const 0)) (i32.load (i32.const 4))))))))
    (drop (call $continue (i32.const 0))))

  (func (export "proxy_on_tick") (param $root i32)
    (if (global.get $doomed) (then (unreachable)))
    (drop (call $increment (global.get $ticks) (i64.const 1)))
    (if (global.get $waits)
      (then
        (drop (call $effective (global.get $waits)))
        (global.set $waits (i32.const 0))
        (drop (call $continue (i32.const 0))))))

  (func (export "proxy_on_response_headers") (param $ctx i32) (param $n i32) (param $end i32) (result i32)
    (drop (call $header (i32.const 2) (i32.const 176) (i32.const 7) (i32.const 0) (i32.const 4)))
    (if (i32.eq (i32.load8_u (i32.load (i32.const 0))) (i32.const 0x35))
      (then
        (drop (call $answer (i32.const 418) (i32.const 0) (i32.const 0) (i32.const 592) (i32.const 6)
          (i32.const 0) (i32.const 0) (i32.const -1)))
        (return (i32.const 1))))
    (drop (call $add (i32.const 2) (i32.const 528) (i32.const 7) (i32.const 544) (i32.const 3)))
    (i32.const 0)))

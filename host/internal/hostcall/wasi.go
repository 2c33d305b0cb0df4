package hostcall

// WASI's errno values that Envoy answers with.
const (
	errnoSuccess = 0
	errnoBadf    = 8
	errnoFault   = 21
	errnoInval   = 28
	errnoIO      = 29
	errnoNoent   = 44
	errnoNosys   = 52
	errnoNotdir  = 20
	errnoNotsup  = 58
)

// wasiFunctions are WASI preview 1 as Envoy has it, under both module names:
// two output streams, two clocks, randomness, the environment, and an errno for
// everything else. All but the last four may be called while the VM starts.
var wasiFunctions = []function{
	{name: "args_get", params: "pp", call: answer(errnoSuccess), start: true},
	{name: "args_sizes_get", params: "pp", call: argsSizesGet, start: true},
	{name: "environ_get", params: "pp", call: environGet, start: true},
	{name: "environ_sizes_get", params: "pp", call: environSizesGet, start: true},

	{name: "clock_res_get", params: "ip", call: clockResGet, start: true},
	{name: "clock_time_get", params: "iIp", call: clockTimeGet, start: true, alloc: true},
	{name: "random_get", params: "pn", call: randomGet, start: true},

	{name: "fd_advise", params: "iIIi", call: answer(errnoSuccess), start: true},
	{name: "fd_allocate", params: "iII", call: outputOnly, start: true},
	{name: "fd_datasync", params: "i", call: outputOnly, start: true},
	{name: "fd_fdstat_get", params: "ip", call: fdFdstatGet, start: true},
	{name: "fd_fdstat_set_flags", params: "ii", call: answer(errnoNosys), start: true},
	{name: "fd_fdstat_set_rights", params: "iII", call: outputOnly, start: true},
	{name: "fd_filestat_get", params: "ip", call: answer(errnoBadf), start: true},
	{name: "fd_filestat_set_size", params: "iI", call: outputOnly, start: true},
	{name: "fd_filestat_set_times", params: "iIIi", call: outputOnly, start: true},
	{name: "fd_pread", params: "ipnIp", call: answer(errnoNosys), start: true},
	{name: "fd_prestat_dir_name", params: "ipn", call: answer(errnoNosys), start: true},
	{name: "fd_prestat_get", params: "ip", call: answer(errnoBadf), start: true},
	{name: "fd_pwrite", params: "ipnIp", call: fdPwrite, start: true},
	{name: "fd_readdir", params: "ipnIp", call: fdReaddir, start: true},
	{name: "fd_renumber", params: "ii", call: fdRenumber, start: true},
	{name: "fd_sync", params: "i", call: outputOnly, start: true},
	{name: "fd_tell", params: "ip", call: fdTell, start: true},
	{name: "fd_write", params: "ipnp", call: fdWrite, start: true, alloc: true},

	{name: "path_create_directory", params: "ipn", call: answer(errnoNotsup), start: true},
	{name: "path_filestat_set_times", params: "iipnIIi", call: answer(errnoNotsup), start: true},
	{name: "path_link", params: "iipnipn", call: answer(errnoNotsup), start: true},
	{name: "path_readlink", params: "ipnpnp", call: pathReadlink, start: true},
	{name: "path_remove_directory", params: "ipn", call: answer(errnoNotsup), start: true},
	{name: "path_rename", params: "ipnipn", call: answer(errnoNotsup), start: true},
	{name: "path_symlink", params: "pnipn", call: answer(errnoNotsup), start: true},
	{name: "path_unlink_file", params: "ipn", call: answer(errnoNotsup), start: true},
	{name: "sock_accept", params: "iip", call: answer(errnoNotsup), start: true},
	{name: "sock_recv", params: "ipnipp", call: answer(errnoNotsup), start: true},
	{name: "sock_send", params: "ipnip", call: answer(errnoNotsup), start: true},
	{name: "sock_shutdown", params: "ii", call: answer(errnoNotsup), start: true},

	{name: "poll_oneoff", params: "ppnp", call: pollOneoff, start: true, alloc: true},

	// Envoy does not list these among what a starting VM may call.
	{name: "fd_close", params: "i", call: answer(errnoSuccess)},
	{name: "fd_read", params: "ipnp", call: answer(errnoNosys)},
	{name: "fd_seek", params: "iIip", call: answer(errnoSuccess)},
	{name: "path_filestat_get", params: "iipnp", call: answer(errnoNotsup)},
	{name: "path_open", params: "iipniIIip", call: answer(errnoNoent)},
	{name: "proc_exit", params: "i", call: answer(errnoSuccess), void: true},
	{name: "sched_yield", call: answer(errnoSuccess)},
}

// answer returns a function that does nothing.
func answer(errno uint32) func(*Env, []uint64) uint32 {
	return func(*Env, []uint64) uint32 { return errno }
}

// outputOnly is for what makes no difference to an output stream.
func outputOnly(_ *Env, a []uint64) uint32 {
	if fd := uint32(a[0]); fd != 1 && fd != 2 {
		return errnoBadf
	}
	return errnoSuccess
}

// fault is the errno of a pointer that is none.
func fault(ok bool) uint32 {
	if !ok {
		return errnoFault
	}
	return errnoSuccess
}

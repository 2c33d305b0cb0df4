package hostcall

// argsSizesGet answers that there are no arguments.
func argsSizesGet(e *Env, a []uint64) uint32 {
	return fault(e.putU32(a[0], 0) && e.putU32(a[1], 0))
}

func environSizesGet(e *Env, a []uint64) uint32 {
	size := 0
	for _, v := range e.Env {
		size += len(v) + 1
	}
	return fault(e.putU32(a[0], uint32(len(e.Env))) && e.putU32(a[1], uint32(size)))
}

func environGet(e *Env, a []uint64) uint32 {
	list, text := uint64(uint32(a[0])), uint64(uint32(a[1]))
	for _, v := range e.Env {
		if list > 1<<32-4 || text > 1<<32-1 || !e.putU32(list, uint32(text)) ||
			!e.mem.Write(uint32(text), append([]byte(v), 0)) {
			return errnoFault
		}
		list += 4
		text += uint64(len(v)) + 1
	}
	return errnoSuccess
}

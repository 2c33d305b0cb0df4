package hostcall

import (
	"encoding/binary"

	"github.com/postern-wasm/postern/host/abi"
)

// maxLine bounds what one fd_write logs, 1 MiB. The rest is counted as written.
const maxLine = 1 << 20

// fdWrite logs what is written: standard output as info, standard error as
// error.
func fdWrite(e *Env, a []uint64) uint32 { return e.writev(a[0], a[1], a[2], a[3]) }

func fdPwrite(e *Env, a []uint64) uint32 { return e.writev(a[0], a[1], a[2], a[4]) }

func (e *Env) writev(fd, iovs, count, writtenPtr uint64) uint32 {
	var level abi.LogLevel
	switch uint32(fd) {
	case 1:
		level = abi.LogInfo
	case 2:
		level = abi.LogError
	default:
		return errnoBadf
	}
	size := uint64(uint32(count)) * 8
	if size > 1<<32-1 {
		return errnoFault
	}
	list, ok := e.read(iovs, size)
	if !ok {
		return errnoFault
	}
	var text []byte
	var written uint32
	for ; len(list) > 0; list = list[8:] {
		n := binary.LittleEndian.Uint32(list[4:])
		if n == 0 {
			continue
		}
		b, ok := e.read(uint64(binary.LittleEndian.Uint32(list)), uint64(n))
		if !ok {
			return errnoFault
		}
		written += n
		text = append(text, b[:min(len(b), maxLine-len(text))]...)
	}
	if len(text) > 0 {
		if text[len(text)-1] == '\n' {
			text = text[:len(text)-1]
		}
		e.Host.Log(level, e.contextID(), string(text))
	}
	return fault(e.putU32(writtenPtr, written))
}

// fdFdstatGet says of both output streams that they can be written.
func fdFdstatGet(e *Env, a []uint64) uint32 {
	if errno := outputOnly(e, a); errno != errnoSuccess {
		return errno
	}
	b, ok := e.read(a[1], 24)
	if !ok {
		return errnoFault
	}
	clear(b)
	b[8] = 64 // fs_rights_base: fd_write
	return errnoSuccess
}

func fdReaddir(e *Env, a []uint64) uint32 {
	if !e.putU32(a[4], 0) {
		return errnoFault
	}
	return errnoNotdir
}

func fdRenumber(_ *Env, a []uint64) uint32 {
	for _, fd := range a[:2] {
		if uint32(fd) != 1 && uint32(fd) != 2 {
			return errnoBadf
		}
	}
	return errnoNotsup
}

func fdTell(e *Env, a []uint64) uint32 {
	if errno := outputOnly(e, a); errno != errnoSuccess {
		return errno
	}
	return fault(e.putU64(a[1], 0))
}

func pathReadlink(e *Env, a []uint64) uint32 {
	if !e.putU32(a[5], 0) {
		return errnoFault
	}
	return errnoNotsup
}

package guest

import "syscall"

// reserve takes address space that is no memory yet.
func reserve(size int) ([]byte, error) {
	return syscall.Mmap(-1, 0, size, syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
}

// commit makes a part of it memory, which is zero.
func commit(part []byte) error {
	return syscall.Mprotect(part, syscall.PROT_READ|syscall.PROT_WRITE)
}

// release gives all of it back.
func release(space []byte) { _ = syscall.Munmap(space) }

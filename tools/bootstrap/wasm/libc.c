// The three C functions that TinyGo's runtime wants from a libc. With them the
// module links without wasi-libc: nothing that allocates can come in, since
// dlmalloc and sbrk are not there to be linked, and randomness is the host's
// random_get itself, not a generator seeded from it (which would also bring
// stdio, and with it the imports fd_close and fd_seek).

typedef unsigned char u8;
typedef unsigned int u32;
typedef __SIZE_TYPE__ size_t;

__attribute__((import_module("wasi_snapshot_preview1"), import_name("random_get")))
extern u32 postern_random_get(void *buf, size_t len);

// arc4random_buf fills buf, or traps: a caller cannot be told of a failure,
// and must never go on with bytes that are not random.
void arc4random_buf(void *buf, size_t len) {
	if (postern_random_get(buf, len) != 0)
		__builtin_trap();
}

u32 arc4random(void) {
	u32 n;
	arc4random_buf(&n, sizeof n);
	return n;
}

size_t strlen(const char *s) {
	const char *end = s;
	while (*end)
		end++;
	return (size_t)(end - s);
}

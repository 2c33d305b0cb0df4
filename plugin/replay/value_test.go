package replay

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// TestFormat builds an entry from the description, with the standard library.
func TestFormat(t *testing.T) {
	for _, secret := range []string{"", "s3cret", strings.Repeat("long", 40)} {
		cfg := testConfig()
		cfg.Secret = []byte(secret)
		h := newHost()
		s := ready(h, cfg)
		h.want(t, Fresh, s.Insert(start, s.Mark("k1", start-5, Nonce, "n")))

		share := sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, 7), "partnerk1"...))
		stamp := append(binary.LittleEndian.AppendUint64(nil, uint64(start-5)), 1)
		whole := sha256.Sum256(append(append(share[:], stamp...), 'n'))
		name := fmt.Sprintf("postern/1/replay/%016x/%02x", binary.LittleEndian.Uint64(share[:]), whole[8])
		entry, ok := h.data[name]
		if !ok || len(h.data) != 2 {
			t.Fatalf("no entry %s in %v", name, h.data)
		}
		magic := "PSTRPL1s"
		if secret != "" {
			magic = "PSTRPL1m"
		}
		want := binary.LittleEndian.AppendUint32([]byte(magic), 1_700_000_000-300-1-60)
		want = binary.LittleEndian.AppendUint32(want, 1)
		want = append(want, whole[:8]...)
		want = binary.LittleEndian.AppendUint32(want, 1_699_999_999)
		if !bytes.HasPrefix(entry.value, want) {
			t.Fatalf("entry %x, want %x", entry.value, want)
		}
		tail := entry.value[len(want):]
		if secret == "" {
			if len(tail) != 8 {
				t.Fatalf("a sum of %d bytes", len(tail))
			}
			continue
		}
		inner := sha256.Sum256(append([]byte(name), want...))
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(inner[:])
		if !bytes.Equal(tail, mac.Sum(nil)) {
			t.Fatalf("MAC %s", hex.EncodeToString(tail))
		}
	}
}

// TestDamageIsSeen changes every bit of an entry, cuts it everywhere, and moves it.
func TestDamageIsSeen(t *testing.T) {
	for _, secret := range [][]byte{nil, []byte("secret")} {
		name := (&Mark{share: 5, bucket: 6}).name()
		b := bucket{}
		value := b.with(100, 0, 0x1122334455667788, 160, name, secret)
		b, ok := decode(value, name, secret)
		if !ok {
			t.Fatal("a good entry is damaged")
		}
		value = b.with(100, 1, 7, 170, name, secret)
		if _, ok := decode(value, name, secret); !ok {
			t.Fatal("a good entry is damaged")
		}
		for bit := range 8 * len(value) {
			bad := bytes.Clone(value)
			bad[bit/8] ^= 1 << (bit % 8)
			if _, ok := decode(bad, name, secret); ok {
				t.Errorf("bit %d changed, and it is not seen", bit)
			}
		}
		for n := range value {
			if _, ok := decode(value[:n], name, secret); ok {
				t.Errorf("cut to %d bytes, and it is not seen", n)
			}
		}
		if _, ok := decode(append(bytes.Clone(value), 0), name, secret); ok {
			t.Error("a byte more, and it is not seen")
		}
		for _, other := range []Mark{{share: 5, bucket: 7}, {share: 6, bucket: 6}, {share: 5 | 1<<63, bucket: 6}} {
			if _, ok := decode(value, other.name(), secret); ok {
				t.Error("an entry of another bucket, and it is not seen")
			}
		}
		if _, ok := decode(value, name, []byte("another")); ok {
			t.Error("an entry of another secret, and it is not seen")
		}
	}
	if _, ok := decode((&bucket{}).with(100, 0, 7, 99, "n", nil), "n", nil); ok {
		t.Error("an entry before the floor, and it is not seen")
	}
	if _, ok := decode((&bucket{}).with(0, 0, 7, 0, "n", nil), "n", nil); ok {
		t.Error("an entry without a stamp, and it is not seen")
	}
}

// FuzzDecode: there is one form of each bucket.
func FuzzDecode(f *testing.F) {
	good := (&bucket{}).with(100, 0, 7, 160, "n", nil)
	f.Add(good, []byte{})
	f.Add((&bucket{}).with(100, 0, 7, 160, "n", []byte("s")), []byte("s"))
	f.Add(closed(9, "n", nil), []byte{})
	f.Add([]byte(sumMagic), []byte{})
	f.Fuzz(func(t *testing.T, value, secret []byte) {
		b, ok := decode(value, "n", secret)
		if !ok { // so that the fuzzer comes behind the sum
			if _, tail := form(secret); len(value) >= tail {
				value = seal(value[:len(value)-tail:len(value)-tail], value[:len(value)-tail], "n", secret)
			}
			if b, ok = decode(value, "n", secret); !ok {
				return
			}
		}
		again := head(b.count(), b.floor, secret)
		again = append(append(again, b.hashes...), b.stamps...)
		if again = seal(again, again, "n", secret); !bytes.Equal(again, value) {
			t.Fatalf("%x is read, and written as %x", value, again)
		}
		if b.count() > maxEntries || len(b.hashes) != 8*b.count() {
			t.Fatalf("%d entries", b.count())
		}
		if live, _ := b.look(b.floor, 7); live != b.count() {
			t.Fatalf("%d of %d entries are live at the floor", live, b.count())
		}
	})
}

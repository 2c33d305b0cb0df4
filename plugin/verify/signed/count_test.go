package signed_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/postern-wasm/postern/plugin/reason"
	"github.com/postern-wasm/postern/plugin/verify/signed"
)

const countEnv = "POSTERN_COUNT_WRONG_BYTE"

// TestCountedMAC judges one MAC for TestB16WorkDoesNotTellWhichByteIsWrong, which counts
// what that takes: the byte that the environment names is wrong, or none.
func TestCountedMAC(t *testing.T) {
	wrong, err := strconv.Atoi(os.Getenv(countEnv))
	if err != nil {
		wrong = sha256.Size
	}
	secret := []byte("a secret of some length, long enough")
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("a text and its body"))
	mac, want := m.Sum(nil), reason.OK
	if wrong < len(mac) {
		mac[wrong] ^= 0x10
		want = reason.SignatureInvalid
	}
	claim := signed.Claim{Before: "a text and its ", Body: signed.BodyRaw, Signatures: [][]byte{mac}}
	if _, code, _ := run(t, config(signed.HMACSHA256, []signed.Claim{claim}, secretKey(t, secret, signed.HMACSHA256)), "body"); code != want {
		t.Errorf("%s, want %s", code, want)
	}
}

// TestB16WorkDoesNotTellWhichByteIsWrong: not a statement more or less is executed, in the
// frame and in all that it calls, whichever byte of a MAC is the wrong one. Statements are
// counted, time is not.
func TestB16WorkDoesNotTellWhichByteIsWrong(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a test that counts")
	}
	folder := t.TempDir()
	binary := filepath.Join(folder, "counted.test")
	const rooms = "github.com/postern-wasm/postern/plugin/verify/signed,github.com/postern-wasm/postern/plugin/kernel/..."
	if out, err := exec.Command("go", "test", "-c", "-covermode=count", "-coverpkg="+rooms, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	count := func(wrong int) string {
		profile := filepath.Join(folder, strconv.Itoa(wrong))
		c := exec.Command(binary, "-test.run=^TestCountedMAC$", "-test.coverprofile="+profile)
		c.Env = append(os.Environ(), countEnv+"="+strconv.Itoa(wrong))
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("byte %d: %v: %s", wrong, err, out)
		}
		text, err := os.ReadFile(profile)
		if err != nil || len(text) < 1000 {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
		return string(text)
	}
	first := count(0)
	for _, wrong := range []int{1, 15, 16, 30, 31} {
		if count(wrong) != first {
			t.Errorf("byte %d takes other work than byte 0", wrong)
		}
	}
	if count(32) == first {
		t.Error("a good MAC takes the same: nothing is counted")
	}
}

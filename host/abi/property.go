package abi

import (
	"encoding/binary"
	"strings"
	"time"
)

// SplitPath splits the path of a property into its segments, as the guest
// passes it: joined by NULs, one NUL at the end passed over. The empty path has
// no segments.
func SplitPath(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(path, "\x00"), "\x00")
}

// JoinPath joins segments into a property's path.
func JoinPath(segments ...string) string { return strings.Join(segments, "\x00") }

// DottedPath turns a path written with dots into the guest's form. A path that
// has a NUL in it is in that form already: its segments may contain dots.
func DottedPath(path string) string {
	if strings.IndexByte(path, 0) >= 0 {
		return path
	}
	return strings.ReplaceAll(path, ".", "\x00")
}

// Int64Property encodes an integer property: 8 bytes, little-endian.
func Int64Property(v int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(v)) }

// BoolProperty encodes a bool property: one byte.
func BoolProperty(v bool) []byte {
	if v {
		return []byte{1}
	}
	return []byte{0}
}

// TimeProperty encodes a point in time: nanoseconds since the Unix epoch, as
// an integer.
func TimeProperty(t time.Time) []byte { return Int64Property(t.UnixNano()) }

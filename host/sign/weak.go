package sign

import (
	"crypto/md5"  //nolint:gosec // Content-MD5 and nginx know nothing else
	"crypto/sha1" //nolint:gosec // so do Twilio, Google's and Amazon's CDNs
	"hash"
)

// The hashes that some senders still sign with. Neither resists collisions.

func newSHA1() hash.Hash { return sha1.New() } //nolint:gosec // see the imports

func sha1Sum(b []byte) []byte {
	sum := sha1.Sum(b) //nolint:gosec // see the imports
	return sum[:]
}

func md5Sum(b []byte) []byte {
	sum := md5.Sum(b) //nolint:gosec // see the imports
	return sum[:]
}

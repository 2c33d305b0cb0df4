//go:build !linux

package guest

import "errors"

func reserve(int) ([]byte, error) { return nil, errors.ErrUnsupported }
func commit([]byte) error         { return errors.ErrUnsupported }
func release([]byte)              {}

package signing

import (
	"encoding/binary"
	"errors"
	"testing"
)

// The test is inside the package: what is remembered must not show outside.
func TestLinksAreRememberedAndForgotten(t *testing.T) {
	var m linkMemory
	asked := 0
	no := errors.New("no")
	ask := func(err error) func() error { return func() error { asked++; return err } }
	for _, c := range []struct {
		child, issuer string
		answer, want  error
		asked         int
	}{
		{"child", "issuer", nil, nil, 1},
		{"child", "issuer", no, nil, 1},
		{"other", "issuer", no, no, 2},
		{"other", "issuer", nil, no, 2},
		{"childi", "ssuer", no, no, 3}, // the same bytes, parted elsewhere
		{"", "childissuer", no, no, 4},
	} {
		if err := m.check([]byte(c.child), []byte(c.issuer), ask(c.answer)); err != c.want || asked != c.asked {
			t.Errorf("%s, %s: %v after %d questions", c.child, c.issuer, err, asked)
		}
	}
	m = linkMemory{}
	for i := range maxLinks {
		_ = m.check(binary.BigEndian.AppendUint32(nil, uint32(i)), nil, ask(nil))
	}
	if len(m.found) != maxLinks {
		t.Errorf("%d links at the limit", len(m.found))
	}
	if err := m.check([]byte("one more"), nil, ask(no)); err != no || len(m.found) != 1 {
		t.Errorf("%v, %d links past the limit", err, len(m.found))
	}
}

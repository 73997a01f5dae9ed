package readat_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/readat"
)

type silent struct{}

func (silent) ReadAt(p []byte, _ int64) (int, error) { return len(p) / 2, nil }

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func TestFull(t *testing.T) {
	for name, c := range map[string]struct {
		r    io.ReaderAt
		n    int
		at   int64
		want error
	}{
		"all of it":                         {strings.NewReader("abcdef"), 6, 0, nil},
		"the end, with io.EOF":              {strings.NewReader("abcdef"), 2, 4, nil},
		"behind the end":                    {strings.NewReader("abcdef"), 3, 4, io.ErrUnexpectedEOF},
		"a reader that gives less silently": {silent{}, 4, 0, io.ErrUnexpectedEOF},
		"the error of the reader":           {broken{}, 4, 0, io.ErrClosedPipe},
	} {
		t.Run(name, func(t *testing.T) {
			err := readat.Full("who", c.r, make([]byte, c.n), c.at)
			if !errors.Is(err, c.want) || err != nil && !strings.HasPrefix(err.Error(), "who: ") {
				t.Errorf("%v, expected %v", err, c.want)
			}
		})
	}
}

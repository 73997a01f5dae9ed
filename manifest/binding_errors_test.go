package manifest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
)

type failReader struct {
	io.ReaderAt
	from int64
	err  error
}

func (f failReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(p, off)
}

func TestBindingErrors(t *testing.T) {
	ps := flatFile()
	good := file(ps)
	r := bytes.NewReader(good)
	l, err := Locate(context.Background(), r, int64(len(good)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	odd := errors.New("odd")
	run := func(ctx context.Context, r io.ReaderAt) (*Binding, error) {
		return checkBMFF(ctx, &Content{Data: r, Size: int64(len(good)), Located: l}, "c2pa.hash.bmff.v3", "", cb(flatMap(ps)), "", "")
	}
	if b, err := run(context.Background(), failReader{r, int64(len(good)) - 1, odd}); !errors.Is(err, odd) || b != nil {
		t.Errorf("%v, %v", b, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if b, err := run(ctx, r); !errors.Is(err, context.Canceled) || b != nil {
		t.Errorf("%v, %v", b, err)
	}
}

package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"

	"github.com/consentry/consentry/internal/jumbf"
)

// decompress reads the manifest in a compressed manifest's superbox: one brob box with the Brotli stream of the whole
// inner superbox. fault says what is wrong with it; the error is a *[LimitError]. C2PA 2.5, 14.5.4.
func decompress(b *jumbf.Box, budget *int64) (inner *jumbf.Box, fault string, err error) {
	if len(b.Children) != 1 || b.Children[0].Type != "brob" {
		return nil, "it does not hold one brob box", nil
	}
	in := bytes.NewReader(b.Children[0].Payload())
	// One byte more than is allowed tells a stream of exactly that length from a longer one.
	data, err := io.ReadAll(io.LimitReader(brotli.NewReader(in), *budget+1))
	if int64(len(data)) > *budget {
		return nil, "", &LimitError{What: "bytes of decompressed manifests", Limit: *budget, Where: b.Path()}
	}
	*budget -= int64(len(data))
	if err != nil {
		return nil, fmt.Sprintf("the Brotli stream is broken (%v)", err), nil
	}
	inner, n, err := jumbf.Parse(data, jumbf.Limits{})
	if err != nil {
		var limit *jumbf.LimitError
		if errors.As(err, &limit) {
			return nil, "", wrap(err)
		}
		return nil, "what is compressed is no superbox: " + err.Error(), nil
	}
	switch t := Type(boxType(inner)); {
	case n != len(data):
		return nil, "bytes follow the compressed manifest", nil
	case t != Standard && t != Update:
		return nil, "what is compressed is neither a standard nor an update manifest", nil
	case unaddressed(inner) != nil:
		return nil, "a superbox in it is not requestable", nil
	case inner.Label() != b.Label():
		return nil, fmt.Sprintf("it is labelled %q and holds %q", b.Label(), inner.Label()), nil
	}
	return inner, "", nil
}

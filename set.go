package consentry

import (
	"fmt"
	"io"
	"sort"

	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// chain is an initialization segment and its fragments as one stream. It holds a few numbers for each file, and reads
// of them only what it is asked for.
type chain struct {
	files  []io.ReaderAt
	starts []int64 // of each file in the stream; behind the last: where the stream ends
}

func (c *chain) add(r io.ReaderAt, size int64) {
	if c.starts == nil {
		c.starts = []int64{0}
	}
	c.files = append(c.files, r)
	c.starts = append(c.starts, c.size()+size)
}

func (c *chain) size() int64 { return c.starts[len(c.starts)-1] }

// ReadAt reads across the seams. A file that became shorter ends the stream there.
func (c *chain) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, fmt.Errorf("consentry: read at the negative offset %d", at)
	}
	done := 0
	i := sort.Search(len(c.files), func(i int) bool { return c.starts[i+1] > at })
	for ; done < len(p) && i < len(c.files); i++ {
		want := min(int64(len(p)-done), c.starts[i+1]-at)
		n, err := c.files[i].ReadAt(p[done:done+int(want)], at-c.starts[i])
		done, at = done+n, at+int64(n)
		if int64(n) < want {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return done, err
		}
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// source is what is decoded: the asset, or of a set the rendition whose initialization segment the asset is, as one
// stream. What of the set is not in it is said.
func (r *run) source() video.Source {
	src := video.Source{Data: r.asset.Data, Size: r.asset.Size, Format: r.located.Container}
	if len(r.asset.Parts) == 0 {
		return src
	}
	all := &chain{}
	all.add(r.asset.Data, r.asset.Size)
	missing, others, rest := 0, map[string]bool{}, 0
	for _, p := range r.asset.Parts {
		switch {
		case p.Rendition != r.asset.Rendition:
			others[p.Rendition] = true
		case p.Data == nil:
			missing++
		case p.Init || rest > 0: // a decoder is set up once: what follows a second initialization segment stays out
			rest++
		default:
			all.add(p.Data, p.Size)
		}
	}
	if missing > 0 {
		r.notChecked("pixels", fmt.Sprintf("%d fragments are missing: nobody saw what they show", missing))
	}
	if rest > 0 {
		r.notChecked("pixels", fmt.Sprintf("the set changes its initialization segment: %d files from there on were not decoded", rest))
	}
	if len(others) > 0 {
		r.notChecked("pixels", "one rendition was decoded, and not "+report.Count(len(others), "other"))
	}
	src.Data, src.Size = all, all.size()
	return src
}

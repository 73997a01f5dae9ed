//go:build cgo && !noonnx

package onnx

import (
	"fmt"
	"slices"

	"github.com/consentry/consentry/internal/onnxgraph"
	"github.com/consentry/consentry/persons/network"
)

// banded runs the first parts of a network on one band of rows after the other and the rest on what they gave. A band has
// so many rows more at either side as its result depends on, and those of the result that they spoil are thrown away:
// what is left is what the whole network computes, since at the picture's own edges a band ends where the picture does.
type banded struct {
	parts []bandedPart
	rest  *session
	band  []float32 // room for the rows of a band
}

type bandedPart struct {
	network.Cut
	run *session
	out network.Tensor
}

// banded cuts a model and prepares its parts.
func (l *Library) banded(m *onnxgraph.Model, n *network.Network) (*banded, error) {
	b := &banded{}
	from := n.Input
	var cuts []string
	for _, c := range n.Cuts {
		s, err := l.part(m, []string{from}, []string{c.Value})
		if err != nil {
			return nil, err
		}
		b.parts = append(b.parts, bandedPart{Cut: c, run: s})
		cuts, from = append(cuts, c.Value), c.Value
	}
	var err error
	b.rest, err = l.part(m, cuts, n.Outputs)
	return b, err
}

func (l *Library) part(m *onnxgraph.Model, inputs, outputs []string) (*session, error) {
	model, err := m.Part(inputs, outputs, 4)
	if err != nil {
		return nil, err
	}
	return l.session(model, inputs, outputs)
}

// Run implements [network.Runner].
func (b *banded) Run(in network.Tensor) ([]network.Tensor, error) {
	feed := in
	var values []network.Tensor
	for i := range b.parts {
		if err := b.parts[i].fill(feed, &b.band); err != nil {
			return nil, err
		}
		feed = b.parts[i].out
		values = append(values, feed)
	}
	return b.rest.compute(values...)
}

// fill computes the value of a cut, band by band. Rows of the input are a multiple of the stride.
func (p *bandedPart) fill(in network.Tensor, room *[]float32) error {
	planes, rows, cols := in.Shape[1], in.Shape[2], in.Shape[3]
	outRows, outCols := rows/p.Stride, cols/p.Stride
	p.out.Shape = append(p.out.Shape[:0], 1, p.Planes, outRows, outCols)
	p.out.Data = slices.Grow(p.out.Data[:0], int(p.Planes*outRows*outCols))[:p.Planes*outRows*outCols]
	step := max(p.Area/cols/p.Stride*p.Stride, p.Stride)
	for from := int64(0); from < rows; from += step {
		to := min(from+step, rows)
		first, last := max(from-p.Halo, 0), min(to+p.Halo, rows)
		band := network.Tensor{Shape: []int64{1, planes, last - first, cols}, Data: (*room)[:0]}
		for k := range planes {
			band.Data = append(band.Data, in.Data[(k*rows+first)*cols:(k*rows+last)*cols]...)
		}
		*room = band.Data
		got, err := p.run.compute(band)
		if err != nil {
			return err
		}
		height := (last - first) / p.Stride
		if want := []int64{1, p.Planes, height, outCols}; !slices.Equal(got[0].Shape, want) {
			return fmt.Errorf("the value %q of the network has the shape %v, not %v", p.Value, got[0].Shape, want)
		}
		skip, keep := (from-first)/p.Stride, (to-from)/p.Stride
		for k := range p.Planes {
			copy(p.out.Data[(k*outRows+from/p.Stride)*outCols:], got[0].Data[(k*height+skip)*outCols:(k*height+skip+keep)*outCols])
		}
	}
	return nil
}

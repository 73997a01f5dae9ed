package network

import (
	"fmt"
	"math"

	"github.com/consentry/consentry/persons"
)

// drawing is the side of the picture of the self-test, in pixels.
const drawing = 128

// selfTests says, by kind, where the face of the drawing is seen and with what score; the score may be off by slack, and
// the overlap of the boxes must be near. CenterFace is one file, so its answer is known well; YuNet comes in two sizes,
// and others may have trained it or UltraFace again.
var selfTests = map[string]struct {
	face        persons.Face
	slack, near float64
}{
	CenterFace: {persons.Face{X: .286, Y: .286, W: .446, H: .522, Score: .801}, .01, .95},
	YuNet:      {persons.Face{X: .266, Y: .244, W: .473, H: .606, Score: .925}, .15, .75},
	UltraFace:  {persons.Face{X: .283, Y: .319, W: .429, H: .541, Score: 1}, .15, .75},
}

// SelfTest runs the network on a picture of our own, a drawn face, and says whether it sees that one face where it is. It
// tells a network that does not work (other weights in the same shape, a library that computes wrongly) from a video
// without faces, and takes some milliseconds.
func (n *Network) SelfTest(r Runner) error {
	faces, err := n.Detect(r, drawnFace(), &Tensor{})
	if err != nil {
		return err
	}
	want := selfTests[n.Kind]
	if len(faces) != 1 {
		return fmt.Errorf("%d faces are seen in a drawing of one", len(faces))
	}
	f := faces[0]
	if persons.Overlap(f, want.face) < want.near || math.Abs(f.Score-want.face.Score) > want.slack {
		return fmt.Errorf("a drawn face is seen at %.3f, %.3f with the size %.3f by %.3f and the score %.3f", f.X, f.Y, f.W, f.H, f.Score)
	}
	return nil
}

// ellipse is a soft spot of a color.
type ellipse struct {
	x, y, rx, ry float64 // in pixels of the drawing
	color        [3]float64
	soft         float64 // how far the edge reaches, as a fraction
}

// drawnFace draws a face from the front: head, hair, ears, brows, eyes, nose, mouth, shaded from the left.
func drawnFace() *persons.Picture {
	p := &persons.Picture{Width: drawing, Height: drawing, RGB: make([]byte, 3*drawing*drawing)}
	skin, dark, hair := [3]float64{205, 160, 135}, [3]float64{165, 115, 95}, [3]float64{60, 45, 38}
	white, iris, lips := [3]float64{235, 230, 225}, [3]float64{50, 35, 30}, [3]float64{165, 85, 80}
	parts := []ellipse{
		{64, 140, 58, 34, [3]float64{70, 80, 110}, .05}, // shoulders
		{64, 108, 15, 22, dark, .2},                     // neck
		{64, 50, 36, 38, hair, .1},
		{33, 66, 5, 10, dark, .3},
		{95, 66, 5, 10, dark, .3}, // ears
		{64, 68, 30, 38, skin, .08},
		{64, 34, 27, 13, hair, .3},
		{50, 58, 9, 5, dark, .9},
		{78, 58, 9, 5, dark, .9}, // sockets
		{50, 53, 8.5, 1.8, hair, .5},
		{78, 53, 8.5, 1.8, hair, .5}, // brows
		{50, 60, 5.5, 2.8, white, .3},
		{78, 60, 5.5, 2.8, white, .3},
		{50, 60, 2.7, 2.7, iris, .3},
		{78, 60, 2.7, 2.7, iris, .3},
		{50, 57.6, 6, 1, iris, .6},
		{78, 57.6, 6, 1, iris, .6}, // lids
		{67, 71, 2.5, 9, dark, 1},
		{64, 80, 5.5, 2.6, dark, .9}, // nose
		{60.5, 81, 1.6, 1.1, iris, .9},
		{67.5, 81, 1.6, 1.1, iris, .9},
		{64, 91, 10.5, 3.4, lips, .35},
		{64, 91, 10, .8, [3]float64{90, 40, 40}, .7},
		{64, 97, 8, 1.6, dark, 1},
	}
	for y := range drawing {
		for x := range drawing {
			c := [3]float64{120 + float64(y)/4, 130 + float64(y)/5, 140}
			for _, e := range parts {
				dx, dy := (float64(x)-e.x)/e.rx, (float64(y)-e.y)/e.ry
				a := min(max((1-math.Hypot(dx, dy))/e.soft+.5, 0), 1)
				for k := range c {
					c[k] += a * (e.color[k] - c[k])
				}
			}
			light := 1.08 - .2*math.Abs(float64(x)-54)/64
			for k := range c {
				p.RGB[3*(y*drawing+x)+k] = byte(min(c[k]*light, 255))
			}
		}
	}
	return p
}

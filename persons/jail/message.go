package jail

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/internal/packet"
	"github.com/consentry/consentry/persons"
)

// A message is one packet of the socket: a letter, then fields of fixed size, little-endian; strings and lists after
// their length. Each has one encoding, so what is accepted encodes to the same bytes again.
const (
	// from the parent
	kindConfig  = 'C' // which network to run, within which limits: the first message
	kindPicture = 'P' // the shared memory holds a picture
	kindChip    = 'V' // the shared memory holds a chip, of which a template is wanted
	// from the child
	kindReady    = 'R' // confined and tested, or not: the first message
	kindFaces    = 'F' // what was found
	kindTemplate = 'T' // the template of a chip
	kindError    = 'E' // why nothing was
)

const (
	maxMessage = 128 << 10 // bytes; persons.MaxFaces faces have 60,003
	maxString  = 128       // bytes of a name
	maxDetail  = 512       // bytes of an explanation
	maxMissing = 8
	maxOutputs = 16
	faceFields = 15
)

var errMessage = errors.New("malformed message")

type config struct {
	kind, input string
	outputs     []string
	modelSize   int64
	templates   int64 // bytes of the network that makes templates; 0: none is wanted
	memory      int64
	total       int64 // nanoseconds
}

type picture struct{ width, height uint16 }

type chip struct{}

// ready says that the child is confined. A failure says why it cannot find faces.
type ready struct {
	syscalls bool
	missing  []string
	failure  failure
}

type faces []persons.Face

// vector is the template of a chip. It is passed by pointer, so that there are no copies that nobody clears.
type vector persons.Template

// maxNumber bounds the numbers of a template: those of the network lie within ±1.
const maxNumber = 100

// failure is an error in words.
type failure struct {
	reason string // empty: no error
	detail string
}

func (f failure) err() *persons.Error {
	if f.reason == "" {
		return nil
	}
	return &persons.Error{Reason: f.reason, Detail: f.detail}
}

// failureOf puts an error into words; what has no reason of its own gets the given one.
func failureOf(err error, reason string) failure {
	var e *persons.Error
	if errors.As(err, &e) {
		return failure{reason: e.Reason, detail: printable(e.Detail, maxDetail)}
	}
	return failure{reason: reason, detail: printable(err.Error(), maxDetail)}
}

func printable(s string, most int) string { return confine.Printable(s, most) }

// cursor takes the fields that describe faces off the front of a message.
type cursor struct{ packet.Fields }

func (c *cursor) float() float64 { return float64(c.F32()) }

// parse reads a message of the child: ready, faces, a template or failure. Its numbers are those that a face can have.
func parse(b []byte) (any, error) {
	if len(b) == 0 || len(b) > maxMessage {
		return nil, errMessage
	}
	c := cursor{packet.Of(b[1:])}
	var m any
	switch b[0] {
	case kindReady:
		m = ready{syscalls: c.Bool(), missing: c.Texts(maxMissing, maxString), failure: c.failure(true)}
	case kindFaces:
		m = c.faces()
	case kindTemplate:
		m = c.template()
	case kindError:
		m = c.failure(false)
	default:
		return nil, errMessage
	}
	if !c.Done() {
		if t, ok := m.(*vector); ok {
			clear(t[:])
		}
		return nil, errMessage
	}
	return m, nil
}

func (c *cursor) failure(may bool) failure {
	f := failure{reason: c.Text(maxString), detail: c.Text(maxDetail)}
	switch f.reason {
	case "":
		c.Want(may && f.detail == "")
	case persons.ReasonCrash, persons.ReasonTimeout, persons.ReasonLimit, persons.ReasonProtocol, persons.ReasonLibrary,
		persons.ReasonModel, persons.ReasonSelfTest, persons.ReasonUnavailable:
	default:
		c.Want(false)
	}
	return f
}

func (c *cursor) faces() faces {
	n := int(c.U16())
	c.Want(n <= persons.MaxFaces && c.Left() == 4*faceFields*n)
	var list faces
	last := 1.
	for i := 0; i < n && !c.Bad(); i++ {
		f := persons.Face{X: c.float(), Y: c.float(), W: c.float(), H: c.float(), Score: c.float()}
		for k := range f.Landmarks {
			f.Landmarks[k] = [2]float64{c.float(), c.float()}
			for _, v := range f.Landmarks[k] {
				c.Want(v >= -1 && v <= 2)
			}
		}
		c.Want(inside(f.X, f.W) && inside(f.Y, f.H) && f.Score > 0 && f.Score <= last)
		last = f.Score
		list = append(list, f)
	}
	return list
}

func (c *cursor) template() *vector {
	t := new(vector)
	for i := range t {
		v := c.float()
		c.Want(v >= -maxNumber && v <= maxNumber)
		t[i] = float32(v)
	}
	return t
}

// inside says whether a side of a box lies in the picture, but for the rounding of float32. A NaN lies nowhere.
func inside(from, length float64) bool {
	return from >= 0 && length > 0 && from <= 1 && length <= 1 && from+length <= 1+1e-6
}

func (r ready) append(b []byte) []byte {
	return r.failure.appendTo(packet.AppendTexts(packet.AppendBool(append(b, kindReady), r.syscalls), r.missing))
}

func (f faces) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(append(b, kindFaces), uint16(len(f)))
	for _, v := range f {
		for _, n := range []float64{v.X, v.Y, v.W, v.H, v.Score} {
			b = appendFloat(b, n)
		}
		for _, l := range v.Landmarks {
			b = appendFloat(appendFloat(b, l[0]), l[1])
		}
	}
	return b
}

func (t *vector) append(b []byte) []byte {
	b = append(slices.Grow(b, 1+4*len(t)), kindTemplate) // growing on the way would leave copies behind
	for _, v := range t {
		b = appendFloat(b, float64(v))
	}
	return b
}

// take gives the numbers away and keeps none.
func (t *vector) take() persons.Template {
	defer clear(t[:])
	return persons.Template(*t)
}

func (f failure) append(b []byte) []byte { return f.appendTo(append(b, kindError)) }

func (f failure) appendTo(b []byte) []byte {
	return packet.AppendText(packet.AppendText(b, f.reason), f.detail)
}

func appendFloat(b []byte, v float64) []byte { return packet.AppendF32(b, float32(v)) }

// The parent's messages. The child trusts them: they come from the process that started it.

func (c config) append(b []byte) []byte {
	b = packet.AppendTexts(packet.AppendText(packet.AppendText(append(b, kindConfig), c.kind), c.input), c.outputs)
	for _, v := range []int64{c.modelSize, c.templates, c.memory, c.total} {
		b = packet.AppendI64(b, v)
	}
	return b
}

func (chip) append(b []byte) []byte { return append(b, kindChip) }

func (p picture) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(append(b, kindPicture), p.width)
	return binary.LittleEndian.AppendUint16(b, p.height)
}

// parseParent reads a message of the parent: config, picture or chip.
func parseParent(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, errMessage
	}
	c := cursor{packet.Of(b[1:])}
	var m any
	switch b[0] {
	case kindConfig:
		v := config{kind: c.Text(maxString), input: c.Text(maxDetail), outputs: c.Texts(maxOutputs, maxDetail)}
		v.modelSize, v.templates, v.memory, v.total = c.Natural(), c.Natural(), c.Natural(), c.Natural()
		m = v
	case kindPicture:
		p := picture{c.U16(), c.U16()}
		c.Want(slices.Min([]uint16{p.width, p.height}) >= 1 && slices.Max([]uint16{p.width, p.height}) <= persons.MaxSide)
		m = p
	case kindChip:
		m = chip{}
	default:
		return nil, errMessage
	}
	if !c.Done() {
		return nil, errMessage
	}
	return m, nil
}

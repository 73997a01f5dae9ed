package neural

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark"
)

// FamilyBound is the chance, at most, that all comparisons of one look with messages give a mark where there is none,
// had the messages been drawn by fair coins.
const FamilyBound = 1e-6

// Detector shows pictures of a video to a network, a few of them, evenly spread. It keeps sums of the answers, never
// pixels. Use [New]. It is not safe for concurrent use.
type Detector struct {
	net      *Network
	run      Runner
	messages []watermark.Message

	step, next time.Duration
	in         Tensor
	sums       []float64
	frames     int
	unread     int
	offered    int
	readings   []moment
	mirrored   []reading
	failed     error
}

// New is a detector of a network that is ready. Of the messages, those that are the network's kind are looked for.
func New(n *Network, run Runner, messages []watermark.Message) *Detector {
	d := &Detector{net: n, run: run, sums: make([]float64, n.c.bits), step: apart}
	for _, m := range messages {
		if Kind(m.Algorithm) == n.Kind && m.Bits == n.c.bits {
			d.messages = append(d.messages, m)
		}
	}
	return d
}

// Begin tells how long the video is; zero: not known. It comes before the first frame.
func (d *Detector) Begin(length time.Duration) {
	if length > 0 {
		d.step = max(length/time.Duration(d.net.c.samples), time.Millisecond)
	}
}

// Frame looks at a picture where it is one of those to be looked at. The frame is not kept. A network that fails is not
// asked again, and [Detector.End] says so.
func (d *Detector) Frame(f *video.Frame) error {
	d.offered++
	if d.failed != nil || d.frames >= d.net.c.samples || f.Time < d.next {
		return nil
	}
	if !d.net.feed(f, &d.in) {
		d.unread++
		return nil
	}
	d.next = f.Time + d.step
	votes, err := d.net.ask(d.run, d.in)
	if err != nil {
		d.failed = err
		return nil
	}
	d.frames++
	for i, v := range votes {
		d.sums[i] += float64(v)
	}
	if d.net.c.matched {
		return nil
	}
	if r, ok := readPayload(votes); ok {
		d.readings = append(d.readings, moment{r, f.Time})
	}
	mirror(&d.in)
	if votes, err = d.net.ask(d.run, d.in); err != nil {
		d.failed = err
		return nil
	}
	if r, ok := readPayload(votes); ok {
		d.mirrored = append(d.mirrored, r.reading)
	}
	return nil
}

// Result is what a look found.
type Result struct {
	Kind           Kind
	Frames, Unread int // pictures that were shown to the network; those that could not be
	Offered        int // pictures that were there to be shown
	Tries          int // messages that were compared
	// Value is what the pictures together say, big-endian, the last bit in the lowest one: no evidence by itself. Empty:
	// no picture was looked at.
	Value       []byte
	Found, Weak []watermark.Found
	Payloads    []Payload
	Failed      error // why the network could not be asked to the end; what was found before stands
}

// End ends the look.
func (d *Detector) End() *Result {
	r := &Result{Kind: d.net.Kind, Frames: d.frames, Unread: d.unread, Offered: d.offered, Failed: d.failed, Tries: len(d.messages)}
	if d.frames == 0 {
		return r
	}
	value := new(big.Int)
	for i, v := range d.sums {
		if v > 0 {
			value.SetBit(value, len(d.sums)-1-i, 1)
		}
	}
	r.Value = value.FillBytes(make([]byte, (len(d.sums)+7)/8))
	for _, m := range d.messages {
		f, chance := d.compare(m, value)
		switch {
		case f.Bound <= FamilyBound:
			r.Found = append(r.Found, f)
		case chance <= FamilyBound:
			r.Weak = append(r.Weak, f)
		}
	}
	r.Payloads = payloads(d.readings, d.mirrored)
	return r
}

// compare holds what was read against a message: the share of bits that agree, and the chance that as many would.
func (d *Detector) compare(m watermark.Message, value *big.Int) (watermark.Found, float64) {
	n := m.Bits
	differ := new(big.Int).Xor(value, new(big.Int).SetBytes(m.Value))
	agree := n
	for i := range n {
		agree -= int(differ.Bit(i))
	}
	tries := float64(len(d.messages))
	chance := tail(n, agree)
	least := agree
	for least < n && tries*tail(n, least) > FamilyBound {
		least++
	}
	for least > 0 && tries*tail(n, least-1) <= FamilyBound {
		least--
	}
	return watermark.Found{
		Algorithm: m.Algorithm, Bits: n, Message: m.Hex(),
		Statistic: float64(agree) / float64(n), Threshold: float64(least) / float64(n), Bound: min(tries*chance, 1),
	}, chance
}

// tail is the chance that at least k of n fair coins fall as they were called.
func tail(n, k int) float64 {
	sum, choose := new(big.Int), big.NewInt(1)
	for i := range n - k + 1 { // C(n, i) for 0 to n-k wrong ones
		if i > 0 {
			choose.Mul(choose, big.NewInt(int64(n-i+1)))
			choose.Div(choose, big.NewInt(int64(i)))
		}
		sum.Add(sum, choose)
	}
	f, _ := new(big.Float).SetInt(sum).Float64()
	return f * math.Pow(2, -float64(n))
}

// ParseMessage reads a message to look for in the form KIND:BITS:HEX, such as "rivaGan:32:9B0E23C5". The error is a
// [*watermark.MessageError].
func ParseMessage(s string) (watermark.Message, error) {
	m, err := watermark.ParseMessageOf(s, watermark.Algorithm(RivaGAN), watermark.Algorithm(VideoSeal))
	if err != nil {
		return m, err
	}
	if want := Kind(m.Algorithm).Bits(); m.Bits != want {
		return watermark.Message{}, &watermark.MessageError{Text: s, Why: fmt.Sprintf("a mark of %s has %d bits", m.Algorithm, want)}
	}
	return m, nil
}

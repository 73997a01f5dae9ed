package neural

import (
	"fmt"
	"slices"
	"time"

	"github.com/consentry/consentry/internal/onnxgraph"
	"github.com/consentry/consentry/internal/resample"
	"github.com/consentry/consentry/video"
)

// soundContract is what a network for sound wants and gives.
type soundContract struct {
	rate        int     // Hz of the sound, one channel
	rows        int     // of the input: 1 for samples, else the magnitudes of a spectrum
	length      int     // of a row where the model leaves it open: a piece of three seconds, or of one
	least, most int     // lengths that a model may ask for
	bits        int     // of a message; 0: the network only says whether there is a mark
	threshold   float64 // score from which a piece counts as marked
}

// soundContracts: PerTh's is that of the decoder of resemble-perth 1.0.1 behind its AudioProcessor. Its own code rounds at
// a half; clean speech reaches 0.76 and marked speech stays above 0.95, so a piece counts from 0.9 here.
//
// AudioSeal's is that of the module "detector" within AudioSealDetector of audioseal 0.2.0, as its card
// audioseal_detector_16bits makes it: samples as they are, since the card has no normalizer, to two numbers and 16 bits for
// each. What the class does with them is done by [Fold]: the softmax of two numbers is above a half where the second is
// the higher one, the score is the share of such samples, and a bit is a one where the sigmoid of its mean is above a half,
// so where the mean is above zero.
var soundContracts = map[Kind]soundContract{
	PerTh:     {rate: 32000, rows: perthBins, length: 301, least: 101, most: 3001, threshold: 0.9},
	AudioSeal: {rate: 16000, rows: 1, length: 16000, least: 3200, most: 160_000, bits: 16, threshold: 0.5},
}

// recogniseSound holds a model against what a network for sound takes and gives.
func recogniseSound(kind Kind, m *onnxgraph.Model) (*Network, error) {
	s := soundContracts[kind]
	if len(m.Inputs) != 1 || !m.Inputs[0].Float || len(m.Outputs) != 1 {
		return nil, fmt.Errorf("a network of kind %s takes one piece of sound as float32 and gives one answer, and this one takes %d inputs and gives %d", kind, len(m.Inputs), len(m.Outputs))
	}
	in, out := m.Inputs[0], m.Outputs[0]
	if len(in.Shape) != 3 || !fits(in.Shape[0], 1) || !fits(in.Shape[1], int64(s.rows)) {
		return nil, fmt.Errorf("a network of kind %s takes 1×%d×n numbers, and this one %v", kind, s.rows, in.Shape)
	}
	if n := in.Shape[2]; n > 0 {
		if n < int64(s.least) || n > int64(s.most) {
			return nil, fmt.Errorf("a network of kind %s takes rows of %d to %d numbers, and this one of %d", kind, s.least, s.most, n)
		}
		s.length = int(n)
	}
	n := &Network{Kind: kind, Input: in.Name, Output: out.Name, s: s}
	wrong := slices.ContainsFunc(out.Shape, func(d int64) bool { return !fits(d, 1) })
	if s.bits > 0 {
		n.Fold = 2 + s.bits
		wrong = len(out.Shape) != 3 || !fits(out.Shape[0], 1) || !fits(out.Shape[1], int64(n.Fold)) || out.Shape[2] > int64(s.most)
	}
	if wrong {
		return nil, fmt.Errorf("a network of kind %s gives %s, and this one gives %v", kind, s.gives(), out.Shape)
	}
	return n, nil
}

func (s *soundContract) gives() string {
	if s.bits == 0 {
		return "one number"
	}
	return fmt.Sprintf("1×%d×n numbers, two and %d bits for each sample", 2+s.bits, s.bits)
}

// piece is how many samples the network is shown at once.
func (s *soundContract) piece() int {
	if s.rows == 1 {
		return s.length
	}
	return (s.length - 1) * perthHop
}

// maxFold bounds the numbers of an answer that is folded.
const maxFold = 1 << 23

// Fold makes an answer of rows × n numbers short: the share of the n places at which the second row lies above the
// first, and the mean of each further row. A child does it for its parent, whose messages are small.
func Fold(t Tensor, rows int) (Tensor, error) {
	n := 0
	if rows > 2 {
		n = len(t.Data) / rows
	}
	if n == 0 || n*rows != len(t.Data) || len(t.Data) > maxFold {
		return Tensor{}, fmt.Errorf("the network answered with %d numbers, which are no %d rows", len(t.Data), rows)
	}
	out := make([]float32, 0, rows-1)
	above := 0
	for i, v := range t.Data[n : 2*n] {
		if v > t.Data[i] {
			above++
		}
	}
	out = append(out, float32(float64(above)/float64(n)))
	for r := 2; r < rows; r++ {
		sum := 0.0
		for _, v := range t.Data[r*n:][:n] {
			sum += float64(v)
		}
		out = append(out, float32(sum/float64(n)))
	}
	return Tensor{Shape: []int64{1, int64(len(out))}, Data: out}, nil
}

const (
	// MaxPieces bounds the pieces of a track that a network is shown: an hour in pieces of three seconds, in which PerTh
	// takes minutes of one core.
	MaxPieces = 1200
	// MaxSoundRuns bounds how often a track may jump in time or change its rate: each time a piece ends and a table is made.
	MaxSoundRuns = 1000
	// minSoundRate is the lowest rate that is shown, in Hz: PerTh's marks lie below 2 kHz.
	minSoundRate = 6000
	// maxSoundDrift is how far the time of a block may lie from the count of samples, as containers round.
	maxSoundDrift = 100 * time.Millisecond
	// quiet is the power below which a piece is silence: 70 dB below full scale, where 16 bits and a codec leave noise.
	quiet = 1e-7
	// soundPlaces are between two samples when a track is brought to the network's rate: noise 65 dB below a tone of 2 kHz.
	soundPlaces = 256
)

// SoundDetector shows the sound of one track to a network, piece by piece, all channels together. It keeps one piece. Use
// [NewSound]. It is not safe for concurrent use.
type SoundDetector struct {
	net *Network
	run Runner

	rate   int
	kernel *resample.Kernel
	stream *resample.Stream
	mixed  []float32
	anchor time.Duration // presentation time of the first sample of the present run
	taken  int64         // of its samples
	shown  int64         // of those at the network's rate, in pieces that are over
	runs   int
	lost   int // samples of stretches that are too short to be shown
	piece  []float32
	in     Tensor
	stft   *spectrum
	sums   []float64
	res    SoundResult
}

// NewSound is a detector of a network for sound, for one track.
func NewSound(n *Network, run Runner) *SoundDetector {
	d := &SoundDetector{net: n, run: run, sums: make([]float64, n.s.bits), piece: make([]float32, 0, n.s.piece())}
	d.res = SoundResult{Kind: n.Kind, Threshold: n.s.threshold, Piece: time.Duration(n.s.piece()) * time.Second / time.Duration(n.s.rate)}
	if n.s.rows > 1 {
		d.stft = newSpectrum()
	}
	return d
}

// SoundResult is what a network said of a track.
type SoundResult struct {
	Kind      Kind
	Piece     time.Duration // length of a piece
	Pieces    int           // that the network was shown
	Silent    int           // that were not shown, since there is nothing to hear
	Marked    int           // of those shown, that count as marked
	Best      float64       // highest score
	Threshold float64       // score from which a piece counts
	Spans     [][2]time.Duration
	// Value is what the bits of the marked pieces say together, big-endian: 16 bits that any sound gives, too few to be told
	// from chance. Empty: no piece is marked, or the kind's marks have no bits.
	Value   []byte
	Unheard string // what of the track was not shown, in plain words; empty: nothing is known to be missing
	Failed  error  // why the network could not be asked to the end; what was found before stands
}

// Audio takes a block of sound. Rate and channels may change from one block to the next.
func (d *SoundDetector) Audio(a *video.Audio) {
	switch {
	case d.res.Failed != nil:
		return
	case len(a.Planes) == 0 || a.Samples <= 0 || slices.ContainsFunc(a.Planes, func(p []float32) bool { return len(p) < a.Samples }):
		d.miss("a block of sound is empty or cut short")
		return
	case a.Rate < minSoundRate:
		d.miss(fmt.Sprintf("sound with %d samples a second: too few to carry a mark", a.Rate))
		return
	}
	gap := a.Time - d.clock(d.taken, d.rate)
	if a.Rate != d.rate || gap > maxSoundDrift || gap < -maxSoundDrift {
		if d.runs++; d.runs > MaxSoundRuns {
			d.miss(fmt.Sprintf("it jumps or changes more than %d times", MaxSoundRuns))
			return
		}
		d.rest()
		if a.Rate != d.rate {
			d.rate, d.kernel = a.Rate, resample.New(a.Rate, d.net.s.rate, soundPlaces)
		}
		d.stream, d.anchor, d.taken, d.shown = d.kernel.Stream(), a.Time, 0, 0
	}
	d.taken += int64(a.Samples)
	d.mixed = slices.Grow(d.mixed[:0], a.Samples)[:a.Samples]
	scale := 1 / float32(len(a.Planes))
	for i := range d.mixed {
		sum := float32(0)
		for _, p := range a.Planes {
			sum += p[i]
		}
		d.mixed[i] = sum * scale
	}
	d.stream.Take(d.mixed, d.sample)
}

func (d *SoundDetector) sample(v float32) {
	if d.piece = append(d.piece, v); len(d.piece) == cap(d.piece) {
		d.show()
	}
}

// rest shows what is left of a run where it is long enough to tell something: with silence behind it, or, where the score
// is a share of the samples, again and again, since silence would count as samples without a mark.
func (d *SoundDetector) rest() {
	if n := len(d.piece); 3*n >= cap(d.piece) {
		d.piece = d.piece[:cap(d.piece)]
		if d.stft != nil {
			clear(d.piece[n:])
		} else {
			for i := n; i < len(d.piece); i++ {
				d.piece[i] = d.piece[i-n]
			}
		}
		d.show()
	} else {
		d.lost += n
	}
	d.piece = d.piece[:0]
}

// show asks the network about the piece that is full.
func (d *SoundDetector) show() {
	from := d.anchor + time.Duration(float64(d.shown)/float64(d.net.s.rate)*float64(time.Second))
	d.shown += int64(len(d.piece))
	power := 0.0
	for _, v := range d.piece {
		power += float64(v) * float64(v)
	}
	defer func() { d.piece = d.piece[:0] }()
	switch {
	case d.res.Failed != nil:
		return
	case power < quiet*float64(len(d.piece)):
		d.res.Silent++
		return
	case d.res.Pieces >= MaxPieces:
		d.miss(fmt.Sprintf("only the first %d pieces were listened to", MaxPieces))
		return
	}
	d.in.Data = d.piece
	if d.stft != nil {
		d.in.Data = d.stft.of(d.piece, d.net.s.length)
	}
	d.in.Shape = []int64{1, int64(d.net.s.rows), int64(d.net.s.length)}
	score, bits, err := d.net.hear(d.run, d.in)
	if err != nil {
		d.res.Failed = err
		return
	}
	d.res.Pieces++
	d.res.Best = max(d.res.Best, score)
	if score < d.net.s.threshold {
		return
	}
	d.res.Marked++
	for i, v := range bits {
		d.sums[i] += float64(v)
	}
	d.span(from, from+d.res.Piece)
}

// span joins a piece to those before.
func (d *SoundDetector) span(from, to time.Duration) {
	const touching = 10 * time.Millisecond // what rounding leaves between two pieces
	if n := len(d.res.Spans); n > 0 && from-d.res.Spans[n-1][1] < touching && from >= d.res.Spans[n-1][0] {
		d.res.Spans[n-1][1] = to
		return
	}
	d.res.Spans = append(d.res.Spans, [2]time.Duration{from, to})
}

// hear gives the score of a piece, 0 to 1, and how far each bit lies above zero.
func (n *Network) hear(r Runner, in Tensor) (float64, []float32, error) {
	out, err := r.Run(in)
	if err != nil {
		return 0, nil, err
	}
	if want := 1 + n.s.bits; len(out.Data) != want {
		return 0, nil, fmt.Errorf("the network answered with %d numbers, not %d", len(out.Data), want)
	}
	if slices.ContainsFunc(out.Data, func(v float32) bool { return v-v != 0 }) {
		return 0, nil, fmt.Errorf("the network answered with numbers that are none")
	}
	return min(max(float64(out.Data[0]), 0), 1), slices.Clone(out.Data[1:]), nil
}

func (d *SoundDetector) clock(samples int64, rate int) time.Duration {
	if rate == 0 {
		return 0
	}
	return d.anchor + time.Duration(float64(samples)/float64(rate)*float64(time.Second))
}

func (d *SoundDetector) miss(why string) {
	if d.res.Unheard == "" {
		d.res.Unheard = why
	}
}

// End shows what is left and says what the network said.
func (d *SoundDetector) End() *SoundResult {
	d.rest()
	if d.res.Pieces+d.res.Silent == 0 && d.res.Failed == nil {
		d.miss(fmt.Sprintf("there is no piece of it as long as a third of %s", d.res.Piece))
	}
	if 3*d.lost >= cap(d.piece) { // what one end leaves is less
		d.miss(fmt.Sprintf("it jumps: %s of it lie in stretches shorter than a third of %s", time.Duration(d.lost)*time.Second/time.Duration(d.net.s.rate), d.res.Piece))
	}
	if d.res.Marked == 0 {
		return &d.res
	}
	d.res.Value = make([]byte, (len(d.sums)+7)/8)
	for i, v := range d.sums {
		if v > 0 {
			d.res.Value[i/8] |= 0x80 >> (i % 8)
		}
	}
	return &d.res
}

package consentry

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark/neural"
)

// MarkNetwork is a network that reads marks, which somebody supplied.
type MarkNetwork struct {
	Network *neural.Network
	SHA256  string // of its file, in hexadecimal, for the report
	// Open makes it ready, once for each asset that is decoded; an error is the reason why it was not asked.
	Open func(ctx context.Context) (neural.Session, error)
}

// networkLook is a look with one network.
type networkLook struct {
	kind     neural.Kind
	session  neural.Session
	detector *neural.Detector
}

// openNetworks makes the networks ready. One that cannot be is told, and the others are asked.
func (r *run) openNetworks(ctx context.Context) error {
	for _, n := range r.v.MarkNetworks {
		s, err := n.Open(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			r.networkFailed(n.Network.Kind, err)
			continue
		}
		r.out.Watermarks.Networks = append(r.out.Watermarks.Networks, report.MarkNetwork{Kind: string(n.Network.Kind), SHA256: n.SHA256})
		if !n.Network.Kind.Tried() {
			r.notChecked("how often marks of "+string(n.Network.Kind)+" are found or missed", "no network of this kind with its published weights was ever measured: it is asked as its published code asks it, and neither its yes nor its no was held against marked material")
		}
		if n.Network.Kind.Sound() {
			r.soundMarks.networks = append(r.soundMarks.networks, soundNetwork{kind: n.Network.Kind, sha256: n.SHA256, session: s, net: n.Network})
			continue
		}
		r.networks = append(r.networks, networkLook{n.Network.Kind, s, neural.New(n.Network, s, r.v.Messages)})
	}
	return nil
}

// closeNetworks ends what openNetworks started.
func (r *run) closeNetworks() {
	for _, n := range r.networks {
		_ = n.session.Close() // it has answered all that it was asked
	}
	for _, n := range r.soundMarks.networks {
		_ = n.session.Close()
	}
	r.networks, r.soundMarks.networks = nil, nil
}

// networkFailed says that what was asked for was not looked for, or not to the end.
func (r *run) networkFailed(kind neural.Kind, err error) {
	r.notChecked("marks of "+string(kind), "the network could not be asked: "+err.Error())
	r.networkGap = true
}

// otherMarks says which marks nobody looks for.
func (r *run) otherMarks() {
	var unread []string
	for _, k := range []struct {
		name  string
		kinds []neural.Kind
	}{{"RivaGAN", []neural.Kind{neural.RivaGAN}}, {"TrustMark", []neural.Kind{neural.TrustMarkQ, neural.TrustMarkP}}, {"VideoSeal", []neural.Kind{neural.VideoSeal}}, {"PerTh", []neural.Kind{neural.PerTh}}, {"AudioSeal", []neural.Kind{neural.AudioSeal}}} {
		if !slices.ContainsFunc(r.v.MarkNetworks, func(n MarkNetwork) bool { return slices.Contains(k.kinds, n.Network.Kind) }) {
			unread = append(unread, k.name)
		}
	}
	if len(unread) > 0 {
		r.notChecked("marks that networks read", strings.Join(unread, ", ")+": only with a network of your own (--mark-model)")
	}
	r.notChecked("watermarks of other methods", "not supported yet: SynthID and others, further marks in sound, and visible marks but "+visibleNames()+", are not looked for")
}

// lookWithNetworks takes frames for the networks.
func (r *run) lookWithNetworks() (out []look) {
	for _, n := range r.networks {
		out = append(out, look{
			all: r.framesOff() == "",
			sink: video.Sink{
				Info:  func(i *video.Info) error { n.detector.Begin(i.Duration); return nil },
				Frame: n.detector.Frame,
			},
			done:   func(*video.Result) error { r.tellNetwork(n.detector.End()); return nil },
			failed: func(string) error { r.tellNetwork(n.detector.End()); return nil }, // what was found is there
		})
	}
	return out
}

// tellNetwork writes what a network read.
func (r *run) tellNetwork(res *neural.Result) {
	if res.Failed != nil {
		r.networkFailed(res.Kind, res.Failed)
	}
	if res.Frames == 0 {
		if res.Failed == nil {
			r.notChecked("marks of "+string(res.Kind), "there was no picture of three colours to show the network")
		}
		return
	}
	pictures := report.Count(res.Frames, "frame")
	for _, f := range res.Found {
		m := watermarkRow(&f, res.Tries)
		r.out.Watermarks.Found = append(r.out.Watermarks.Found, m)
		r.find(report.Newf("watermark.found", "", "%s: %.0f of %d bits agree in the sum of %s, counted from %.0f; chance %.1g at most in %s",
			markName(&m), f.Statistic*float64(f.Bits), f.Bits, pictures, f.Threshold*float64(f.Bits), f.Bound, report.Count(res.Tries, "comparison")))
	}
	for _, f := range res.Weak {
		r.find(report.Newf("watermark.weak", "", "%s %s: %.0f of %d bits agree, counted from %.0f", f.Algorithm, f.Message, f.Statistic*float64(f.Bits), f.Bits, f.Threshold*float64(f.Bits)))
	}
	for _, p := range res.Payloads[:min(len(res.Payloads), maxPayloads)] {
		r.tellPayload(res.Kind, &p)
	}
	if res.Kind.Matched() && res.Tries == 0 {
		// What it reads is not told: named afterwards it would look like evidence.
		r.notChecked("marks of "+string(res.Kind), "the network reads something in any picture; only a message that is named beforehand (--watermark) can be evidence")
	}
	if res.Frames == 1 && res.Offered > 1 {
		r.notChecked("marks of "+string(res.Kind), fmt.Sprintf("one of %d pictures was looked at, as their times ask for", res.Offered))
	}
}

// maxPayloads bounds what is told of one network; it is shown as many pictures.
const maxPayloads = 16

func (r *run) tellPayload(kind neural.Kind, p *neural.Payload) {
	said := fmt.Sprintf("%s, %s with %d bits: %s, read at %s", kind, p.Schema, p.Bits, hex.EncodeToString(p.Value), momentsInWords(p.Moments))
	switch {
	case p.Agreed:
		r.find(report.New("watermark.payload", "", said))
	case p.Mirrored:
		r.find(report.New("watermark.payloadDoubtful", "", said+", and in a mirrored picture, where none is to be expected: the network may answer so by itself"))
	case p.Same && len(p.Moments) > 1:
		r.find(report.New("watermark.payloadDoubtful", "", said+", with the same wrong bits each time, as of a picture that stands still: that is one reading"))
	default:
		r.find(report.New("watermark.payloadDoubtful", "", said+" only: an error-correcting code holds by chance now and then"))
	}
}

func momentsInWords(list []time.Duration) string {
	parts := make([]string, 0, maxSpansInWords)
	for _, t := range list[:min(len(list), maxSpansInWords)] {
		parts = append(parts, clock(t))
	}
	s := strings.Join(parts, ", ")
	if n := len(list) - len(parts); n > 0 {
		s += fmt.Sprintf(" and %d more times", n)
	}
	return s
}

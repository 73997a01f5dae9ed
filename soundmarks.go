package consentry

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/consentry/consentry/origin"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/watermark/neural"
)

// soundMarks listens to the sound tracks with the networks that read marks in sound.
type soundMarks struct {
	soundTracks
	networks []soundNetwork
	under    map[int][]*neural.SoundDetector // by the track's index: listening, in the order of networks
	done     map[int][]*neural.SoundResult
}

type soundNetwork struct {
	kind    neural.Kind
	sha256  string
	session neural.Session
	net     *neural.Network
}

// lookForSoundMarks takes the sound of one track, whichever the decoder gives; nil where no network listens.
func (r *run) lookForSoundMarks() []look {
	m := &r.soundMarks
	if len(m.networks) == 0 {
		return nil
	}
	m.soundTracks = soundTracks{asked: true, failed: map[int]string{}}
	m.under, m.done = map[int][]*neural.SoundDetector{}, map[int][]*neural.SoundResult{}
	return []look{{
		sink: video.Sink{Info: m.info, Audio: m.take},
		done: func(res *video.Result) error { m.finish(-1, &res.Sound); return nil },
		failed: func(why string) error {
			m.finish(-1, &video.Sound{}) // what was found is there
			m.why = trimWhy(why)
			return nil
		},
	}}
}

func (m *soundMarks) take(a *video.Audio) error {
	if m.under[a.Track] == nil {
		for _, n := range m.networks {
			m.under[a.Track] = append(m.under[a.Track], neural.NewSound(n.net, n.session))
		}
	}
	for _, d := range m.under[a.Track] {
		d.Audio(a)
	}
	return nil
}

func (m *soundMarks) has(n int) bool { return m.done[n] != nil }

// finish takes what was heard in one pass; see [voiceLook.finish].
func (m *soundMarks) finish(track int, s *video.Sound) {
	for n, list := range m.under {
		for _, d := range list {
			m.done[n] = append(m.done[n], d.End())
		}
		track = n
	}
	clear(m.under)
	m.ended(track, s, track >= 0 && m.has(track))
}

// drop forgets a pass that failed.
func (m *soundMarks) drop() { clear(m.under) }

// tellSoundMarks writes what the networks said of the tracks.
func (r *run) tellSoundMarks() {
	m := &r.soundMarks
	if !m.asked {
		return
	}
	for i, net := range m.networks {
		what := "marks of " + string(net.kind)
		switch {
		case m.why != "" && len(m.done) == 0:
			r.notChecked(what, "nobody could listen: "+m.why)
			r.networkGap = true
			continue
		case len(m.order) == 0:
			r.notChecked(what, "there is no sound track to listen to")
			continue
		}
		for k, n := range m.order {
			id := m.tracks[k].ID
			if why := m.failed[n]; why != "" || m.done[n] == nil {
				if why == "" {
					why = "it was not listened to"
				}
				r.notChecked(fmt.Sprintf("%s in sound track %d", what, id), trimWhy(why))
				r.networkGap = true
			}
			if m.done[n] != nil {
				r.tellSoundMark(id, net.sha256, m.done[n][i])
			}
		}
	}
}

// tellSoundMark writes what a network said of a track. It is a hint whatever it says: what it says has no bound.
func (r *run) tellSoundMark(id int64, digest string, res *neural.SoundResult) {
	where := fmt.Sprintf("marks of %s in sound track %d", res.Kind, id)
	if res.Failed != nil {
		r.notChecked(where, "the network could not be asked: "+res.Failed.Error())
		r.networkGap = true
	}
	if res.Unheard != "" {
		r.notChecked(where, res.Unheard)
		r.networkGap = true
	}
	row := report.SoundMark{
		Value: hex.EncodeToString(res.Value),
		Kind:  string(res.Kind), Track: id, Class: "F", Pieces: res.Pieces, Silent: res.Silent, Marked: res.Marked,
		PieceMs: res.Piece.Milliseconds(), Statistic: math.Round(res.Best*1e6) / 1e6, Threshold: res.Threshold, SpansMs: [][2]int64{},
	}
	for _, s := range res.Spans {
		row.SpansMs = append(row.SpansMs, [2]int64{millis(s[0]), millis(s[1])})
	}
	if m, ok := neural.Measured(res.Kind, digest); ok {
		row.Measured = &report.MeasuredRate{Clean: m.Clean, Marked: m.Marked, Most: neural.AtMost(m)}
	}
	r.out.Watermarks.Sound = append(r.out.Watermarks.Sound, row)
	if res.Marked == 0 {
		return
	}
	f := report.Newf("watermark.sound", "", "%s in sound track %d: the network takes %d of %s of %s for marked; %s%s",
		res.Kind, id, res.Marked, report.Count(res.Pieces, "piece"), inSeconds(res.Piece), rateInWords(row.Measured), valueInWords(res.Value))
	f.Where = spansInWords(res.Spans)
	r.find(f)
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.3g s", d.Seconds()) }

func rateInWords(m *report.MeasuredRate) string {
	if m == nil {
		return "how often it does so without a mark was not measured with this file"
	}
	return fmt.Sprintf("of %d pieces without a mark it took %d for marked, which shows at most %.2g %% of such sound as ours, and bounds nothing for other sound", m.Clean, m.Marked, 100*m.Most)
}

func valueInWords(v []byte) string {
	if len(v) == 0 {
		return ""
	}
	return fmt.Sprintf("; it reads %x, as it reads something in any sound", v)
}

// soundHints names what was heard, for clashes.
func (r *run) soundHints() (out []string) {
	for i := range r.out.Watermarks.Sound {
		if m := &r.out.Watermarks.Sound[i]; m.Marked > 0 && !slices.Contains(out, m.Kind) {
			out = append(out, m.Kind)
		}
	}
	return out
}

// capturedSaid says whether the manifest declares a recording, whatever else contradicts it.
func (r *run) capturedSaid() bool {
	return r.out.Origin.State == origin.Captured || r.out.Origin.State == origin.Contradicted
}

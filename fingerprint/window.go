package fingerprint

import "time"

// A window is two seconds of the time line. A store has one for each second of its clips, a clip that is looked up one
// for each sampled picture, so that some of them are never more than a tenth of a second apart.
const (
	windowSlots = 10
	WindowTime  = windowSlots * slotLength
	StoreStep   = time.Second
)

// Window is the code of a part of the time line.
type Window struct {
	Start time.Duration // a multiple of a fifth of a second
	Code  Code
}

// windows makes a code for every run of slots that is full and shows something.
type windows struct {
	ring  [windowSlots]Signature
	slots int // in the ring, the newest last
	out   []Window
}

// maxWindows bounds the list as MaxSamples bounds the pictures.
const maxWindows = MaxSamples

// add takes a picture for the slots from from up to before to. After as many slots as a window has, a picture that
// stays gives nothing new.
func (w *windows) add(from, to int64, s *Signature) {
	if to-from > windowSlots {
		w.slots, from = 0, to-windowSlots
	}
	for at := from; at < to; at++ {
		if w.slots == windowSlots {
			copy(w.ring[:], w.ring[1:])
			w.slots--
		}
		w.ring[w.slots] = *s
		if w.slots++; w.slots < windowSlots || len(w.out) == maxWindows {
			continue
		}
		var t tally
		for i := range w.ring {
			t.frames++
			if !seenBefore(w.ring[:], i) {
				t.take(&w.ring[i])
			}
		}
		if r := t.result(); !r.LowInformation() {
			w.out = append(w.out, Window{Start: time.Duration(at+1-windowSlots) * slotLength, Code: r.Code})
		}
	}
}

func seenBefore(ring []Signature, i int) bool {
	for j := range i {
		if ring[j] == ring[i] {
			return true
		}
	}
	return false
}

// List is the codes of all windows of the video that show something, in order; empty unless Windows was asked for.
func (v *Video) List() []Window { return v.windows.out }

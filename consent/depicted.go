package consent

import (
	"fmt"
	"time"
)

// Depicted is an entry for a person, for those who look at the picture before it is judged.
type Depicted struct {
	Name   string // that [Judge] reports the person under: its id, or id@label
	Person *Person
	// Moved says that the entry comes from an earlier version or from a component of the picture: its regions speak of
	// another picture than this one.
	Moved bool
}

// People lists the entries for people that [Judge] will judge, under the names that it gives them. What cannot be read
// is left out: Judge says why.
func People(f *Facts, trust *Trust) []Depicted {
	if trust == nil {
		trust = &Trust{}
	}
	j := &judge{facts: f, trust: trust, out: &Judgement{}}
	j.lists()
	for _, s := range j.sources() {
		j.declarations(s)
	}
	for _, u := range j.units {
		for _, p := range u.assertion.People {
			u.people = append(u.people, &subjectJudge{person: p})
		}
	}
	j.name()
	var out []Depicted
	for _, u := range j.units {
		for _, e := range u.people {
			out = append(out, Depicted{Name: e.name, Person: e.person, Moved: !u.source.active && u.source.sidecar == nil && (u.source.component || u.source.edited || reframed(f.Manifest.Actions))})
		}
	}
	return out
}

// reframing are the actions that leave the people as they are, and move them in the picture or in time.
var reframing = set("c2pa.cropped", "c2pa.trimmed", "c2pa.resized")

func reframed(actions []Action) bool {
	for _, a := range actions {
		if reframing[a.Action] {
			return true
		}
	}
	return false
}

// place says when and where a face is seen, for a text that names its track.
func (t FaceTrack) place() string {
	if t.Box == nil {
		return ""
	}
	in := ""
	if t.VideoTrack != 0 {
		in = fmt.Sprintf(" in video track %d", t.VideoTrack)
	}
	return fmt.Sprintf(": seen%s %s\u2013%s, at %.0f %% from the left and %.0f %% from the top, %.0f × %.0f %% of the picture",
		in, timeCode(t.StartMs), timeCode(t.EndMs), t.Box[0], t.Box[1], t.Box[2], t.Box[3])
}

// where is the time code of a face, or its number where no time is known.
func (t FaceTrack) where() string {
	if t.EndMs == 0 {
		return fmt.Sprintf("track %d", t.ID)
	}
	return timeCode(t.StartMs) + "\u2013" + timeCode(t.EndMs)
}

func timeCode(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	return fmt.Sprintf("%02d:%02d:%02d.%d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60, ms/100%10)
}

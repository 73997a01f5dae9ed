package playlist

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// dashFile is one .mpd under way.
type dashFile struct {
	*reader
	name string
}

// scope is what an element hands down to those inside it. ISO/IEC 23009-1, 5.3.9.1 and 5.6.
type scope struct {
	base     string
	segments *element      // SegmentTemplate, SegmentList or SegmentBase, as inherited
	period   time.Duration // 0: not known
}

// dash reads a presentation. ISO/IEC 23009-1, 5.3.
func (r *reader) dash(name string, data []byte) error {
	root, err := parseXML(name, data)
	if err != nil {
		return err
	}
	m := &dashFile{r, name}
	if root.name != "MPD" {
		return m.fail(root, errors.New("no DASH presentation"))
	}
	whole, err := durationOf(root, "mediaPresentationDuration")
	if err != nil {
		return m.fail(root, err)
	}
	top, err := m.enter(scope{base: name}, root)
	if err != nil {
		return err
	}
	periods := root.all("Period")
	starts := make([]time.Duration, len(periods)+1)
	for i, p := range periods {
		start, err := durationOf(p, "start")
		if err != nil {
			return m.fail(p, err)
		}
		length, err := durationOf(p, "duration")
		if err != nil {
			return m.fail(p, err)
		}
		if _, ok := p.attr("start"); ok {
			starts[i] = start
		}
		starts[i+1] = starts[i] + length
		next, nextStart := time.Duration(0), false
		if i+1 < len(periods) {
			if next, err = durationOf(periods[i+1], "start"); err != nil {
				return m.fail(periods[i+1], err)
			}
			_, nextStart = periods[i+1].attr("start")
		}
		switch {
		case length > 0:
		case nextStart:
			length = next - starts[i]
		case i+1 == len(periods) && whole > 0:
			length = whole - starts[i]
		}
		prefix := ""
		if len(periods) > 1 {
			prefix = fmt.Sprintf("period %d: ", i+1)
		}
		if err := m.period(top, p, max(length, 0), prefix); err != nil {
			return err
		}
	}
	return nil
}

func (m *dashFile) fail(e *element, err error) error {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return err
	}
	return &SyntaxError{m.name, e.offset, e.path, err.Error()}
}

// period reads the representations of a period.
func (m *dashFile) period(up scope, p *element, length time.Duration, prefix string) error {
	s, err := m.enter(up, p)
	if err != nil {
		return err
	}
	s.period = length
	for _, set := range p.all("AdaptationSet") {
		inSet, err := m.enter(s, set)
		if err != nil {
			return err
		}
		for i, rep := range set.all("Representation") {
			if err := m.rendition(); err != nil {
				return m.fail(rep, err)
			}
			in, err := m.enter(inSet, rep)
			if err != nil {
				return err
			}
			id, _ := rep.attr("id")
			if id == "" {
				id = fmt.Sprintf("representation %d", i+1)
			}
			items, err := m.representation(in, rep)
			if err != nil {
				return m.fail(rep, err)
			}
			if len(items) == 0 || items[len(items)-1].Init {
				return m.fail(rep, errors.New("it lists no segment"))
			}
			m.add(prefix+clip(id), items)
		}
	}
	return nil
}

// enter is the scope inside an element.
func (m *dashFile) enter(s scope, e *element) (scope, error) {
	if _, ok := e.attr("http://www.w3.org/1999/xlink href"); ok {
		return s, m.fail(e, errors.New("part of the presentation lies elsewhere, and nothing is fetched"))
	}
	bases := e.all("BaseURL")
	if len(bases) > 1 {
		m.unread("%d further addresses of the same files (BaseURL)", len(bases)-1)
	}
	if len(bases) > 0 {
		base, err := resolve(s.base, strings.TrimSpace(bases[0].text))
		if err != nil {
			return s, m.fail(bases[0], err)
		}
		if len(base) > maxAddress {
			return s, m.fail(bases[0], fmt.Errorf("a path of %d bytes", len(base)))
		}
		s.base = base
	}
	for _, kind := range []string{"SegmentTemplate", "SegmentList", "SegmentBase"} {
		if own := e.first(kind); own != nil {
			s.segments = inherit(s.segments, own)
			break
		}
	}
	return s, nil
}

// inherit is an element with the attributes and children of the same element further up that it lacks itself. Nothing
// is copied: many elements may have the same above them. ISO/IEC 23009-1, 5.3.9.1.
func inherit(up, own *element) *element {
	if up == nil || up.name != own.name {
		return own
	}
	out := *own
	out.up = up
	return &out
}

// representation lists the segments of one.
func (m *dashFile) representation(s scope, rep *element) ([]Item, error) {
	g := s.segments
	if g != nil {
		if _, ok := g.first("SegmentTimeline").attr("http://www.w3.org/1999/xlink href"); ok {
			return nil, errors.New("part of the presentation lies elsewhere, and nothing is fetched")
		}
	}
	switch {
	case g != nil && g.name == "SegmentTemplate":
		return m.template(s, g, rep)
	case g != nil && g.name == "SegmentList":
		return m.list(s, g)
	}
	// One file: the index in it is none of ours. ISO/IEC 23009-1, 5.3.9.2.
	p, err := inside(s.base)
	if err != nil {
		return nil, err
	}
	if p == m.name {
		return nil, errors.New("it names no segments and no file")
	}
	if err := m.count(1); err != nil {
		return nil, err
	}
	if init := g.first("Initialization"); init != nil {
		if source, ok := init.attr("sourceURL"); ok {
			ref, err := m.ref(s.base, source)
			if err != nil {
				return nil, err
			}
			if ref != p {
				return []Item{{Ref{ref, 0, Whole}, true}, {Ref{p, 0, Whole}, false}}, m.count(1)
			}
		}
	}
	return []Item{{Ref{p, 0, Whole}, false}}, nil
}

// list reads a SegmentList. ISO/IEC 23009-1, 5.3.9.3.
func (m *dashFile) list(s scope, g *element) ([]Item, error) {
	var out []Item
	one := func(source, rng string, init bool) error {
		if err := m.count(1); err != nil {
			return err
		}
		p, err := m.ref(s.base, source)
		if err != nil {
			return err
		}
		ref, err := mediaRange(rng)
		if err != nil {
			return err
		}
		ref.Path = p
		out = append(out, Item{ref, init})
		return nil
	}
	if init := g.first("Initialization"); init != nil {
		if err := one(init.attrs["sourceURL"], init.attrs["range"], true); err != nil {
			return nil, m.fail(init, err)
		}
	}
	urls := g.all("SegmentURL")
	if len(urls) == 0 {
		return nil, m.fail(g, errors.New("a list without a segment"))
	}
	for _, u := range urls {
		if err := one(u.attrs["media"], u.attrs["mediaRange"], false); err != nil {
			return nil, m.fail(u, err)
		}
	}
	return out, nil
}

// mediaRange reads "first-last", both included; empty is the whole file.
func mediaRange(s string) (Ref, error) {
	if s == "" {
		return Ref{Length: Whole}, nil
	}
	a, b, _ := strings.Cut(s, "-")
	first, err := number(a)
	last, err2 := number(b)
	if err != nil || err2 != nil || last < first || last >= math.MaxInt64/2 {
		return Ref{}, fmt.Errorf("%.40q is no range", s)
	}
	return Ref{Offset: first, Length: last - first + 1}, nil
}

// durationOf reads an attribute that is an xs:duration of days and less; absent it is 0. Months and years have no
// length, and no presentation uses them.
func durationOf(e *element, name string) (time.Duration, error) {
	s, ok := e.attr(name)
	if !ok {
		return 0, nil
	}
	bad := fmt.Errorf("%s=%.40q is no length of time", name, s)
	rest, ok := strings.CutPrefix(s, "P")
	if !ok {
		return 0, bad
	}
	total, units := 0.0, map[byte]float64{'D': 24 * 3600}
	for rest != "" {
		if rest[0] == 'T' && len(units) == 1 {
			rest, units = rest[1:], map[byte]float64{'H': 3600, 'M': 60, 'S': 1}
			continue
		}
		i := strings.IndexFunc(rest, func(c rune) bool { return c != '.' && (c < '0' || c > '9') })
		if i <= 0 || units[rest[i]] == 0 {
			return 0, bad
		}
		n, err := strconv.ParseFloat(rest[:i], 64)
		if err != nil {
			return 0, bad
		}
		total += n * units[rest[i]]
		rest = rest[i+1:]
	}
	const most = 10 * 366 * 24 * 3600 // seconds: what lasts longer is no recording
	if total > most {
		return 0, bad
	}
	return time.Duration(math.Round(total * float64(time.Second))), nil
}

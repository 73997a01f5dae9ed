package playlist

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// template lists the segments of a SegmentTemplate. ISO/IEC 23009-1, 5.3.9.4.
func (m *dashFile) template(s scope, g, rep *element) ([]Item, error) {
	fill := filler{id: rep.attrs["id"], bandwidth: rep.attrs["bandwidth"]}
	var out []Item
	one := func(pattern string, init bool) error {
		name, err := fill.expand(pattern)
		if err != nil {
			return err
		}
		p, err := m.ref(s.base, name)
		if err != nil {
			return err
		}
		out = append(out, Item{Ref{p, 0, Whole}, init})
		return nil
	}
	if pattern, ok := g.attr("initialization"); ok {
		if err := one(pattern, true); err != nil {
			return nil, m.fail(g, err)
		}
	} else if init := g.first("Initialization"); init != nil {
		if err := one(strings.ReplaceAll(init.attrs["sourceURL"], "$", "$$"), true); err != nil {
			return nil, m.fail(init, err)
		}
	}
	pattern, ok := g.attr("media")
	if !ok {
		return nil, m.fail(g, errors.New("no media: nothing says how segments are called"))
	}
	if !strings.Contains(pattern, "$Number") && !strings.Contains(pattern, "$Time") {
		if err := m.count(1); err != nil {
			return nil, err
		}
		if err := one(pattern, false); err != nil {
			return nil, m.fail(g, err)
		}
		return out, nil
	}
	slots, err := m.slots(s, g)
	if err != nil {
		return nil, m.fail(g, err)
	}
	for _, slot := range slots {
		fill.number, fill.time = slot.number, slot.time
		if err := one(pattern, false); err != nil {
			return nil, m.fail(g, err)
		}
	}
	return out, nil
}

// slot is a segment's number and its time in units of the timescale.
type slot struct{ number, time int64 }

// slots lists numbers and times. ISO/IEC 23009-1, 5.3.9.4 and 5.3.9.6.
func (m *dashFile) slots(s scope, g *element) ([]slot, error) {
	values := map[string]int64{"startNumber": 1, "timescale": 1, "duration": 0, "endNumber": -1}
	for name, v := range values {
		text, ok := g.attr(name)
		if !ok {
			continue
		}
		n, err := number(text)
		if err != nil || n > 1<<48 || n == 0 && name == "timescale" {
			return nil, fmt.Errorf("%s=%.40q: no such number (otherwise %d)", name, text, v)
		}
		values[name] = n
	}
	start, scale := values["startNumber"], values["timescale"]
	end := int64(-1) // of the period, in units
	if s.period > 0 {
		hi, lo := bits.Mul64(uint64(s.period), uint64(scale))
		if hi < 1e9 {
			q, rem := bits.Div64(hi, lo, 1e9)
			if rem > 0 {
				q++
			}
			end = int64(min(q, 1<<62))
		}
	}
	if line := g.first("SegmentTimeline"); line != nil {
		return m.timeline(line, start, end)
	}
	length := values["duration"]
	n := int64(0)
	switch last := values["endNumber"]; {
	case last >= start:
		n = last - start + 1
	case length == 0:
		return nil, errors.New("neither a timeline nor a duration: how many segments there are is not known")
	case end < 0:
		return nil, errors.New("the length of the period is not known, and with it how many segments there are; a folder can be given with --set")
	default:
		n = (end + length - 1) / length
	}
	if err := m.count(n); err != nil {
		return nil, err
	}
	out := make([]slot, n)
	for i := range out {
		out[i] = slot{start + int64(i), int64(i) * length}
	}
	return out, nil
}

// timeline lists the segments of a SegmentTimeline; end is that of the period, -1: not known. ISO/IEC 23009-1, 5.3.9.6.
func (m *dashFile) timeline(line *element, number0, end int64) ([]slot, error) {
	const most = 1 << 60
	var out []slot
	at, rows := int64(0), line.all("S")
	for i, row := range rows {
		var t, d, r, n int64
		for name, into := range map[string]*int64{"t": &t, "d": &d, "n": &n} {
			text, ok := row.attr(name)
			if !ok {
				continue
			}
			var err error
			if *into, err = number(text); err != nil || *into > most {
				return nil, fmt.Errorf("S@%s=%.40q: no such number", name, text)
			}
		}
		if _, ok := row.attr("t"); ok {
			at = t
		}
		if _, ok := row.attr("n"); ok {
			number0 = n
		}
		if k, ok := row.attr("k"); ok && k != "1" {
			return nil, errors.New("segments of segments (S@k) are not read")
		}
		if d == 0 {
			return nil, errors.New("a segment without a duration (S@d)")
		}
		if text, ok := row.attr("r"); ok {
			var err error
			if r, err = strconv.ParseInt(text, 10, 64); err != nil || r < -1 {
				return nil, fmt.Errorf("S@r=%.40q: no such number", text)
			}
		}
		if r < 0 { // until the next row, or the end of the period
			until := end
			if i+1 < len(rows) {
				text, _ := rows[i+1].attr("t")
				var err error
				if until, err = number(text); err != nil {
					return nil, errors.New("S@r=-1, and the next row has no time")
				}
			}
			if until < at || until > most {
				return nil, errors.New("S@r=-1, and where the row ends is not known")
			}
			r = max((until-at+d-1)/d-1, 0)
		}
		if err := m.count(min(r, MaxItems) + 1); err != nil {
			return nil, err
		}
		for range r + 1 {
			if at > most {
				return nil, errors.New("times that are too large")
			}
			out = append(out, slot{number0, at})
			number0, at = number0+1, at+d
		}
	}
	return out, nil
}

// filler fills the identifiers of a template. ISO/IEC 23009-1, 5.3.9.4.4.
type filler struct {
	id, bandwidth string
	number, time  int64
}

func (f filler) expand(pattern string) (string, error) {
	var out strings.Builder
	if len(pattern) > MaxPath {
		return "", fmt.Errorf("a pattern of %d bytes", len(pattern))
	}
	for pattern != "" {
		if out.Len() > maxAddress || len(f.id) > maxAddress {
			return "", fmt.Errorf("an address of more than %d bytes", maxAddress)
		}
		plain, rest, ok := strings.Cut(pattern, "$")
		out.WriteString(plain)
		if !ok {
			break
		}
		name, rest, ok := strings.Cut(rest, "$")
		if !ok {
			return "", errors.New("a \"$\" that does not end")
		}
		pattern = rest
		name, format, formatted := strings.Cut(name, "%")
		width := 0
		if formatted {
			digits, ok := strings.CutSuffix(format, "d")
			w, err := number(digits)
			if !ok || digits[:min(1, len(digits))] != "0" || err != nil || w > 20 {
				return "", fmt.Errorf("the format %.20q is none that is known", format)
			}
			width = int(w)
		}
		switch {
		case name == "" && !formatted:
			out.WriteByte('$')
		case name == "RepresentationID" && !formatted:
			out.WriteString(f.id)
		case name == "Number":
			fmt.Fprintf(&out, "%0*d", width, f.number)
		case name == "Time":
			fmt.Fprintf(&out, "%0*d", width, f.time)
		case name == "Bandwidth":
			n, err := number(f.bandwidth)
			if err != nil {
				return "", errors.New("$Bandwidth$, and the representation gives none")
			}
			fmt.Fprintf(&out, "%0*d", width, n)
		default:
			return "", fmt.Errorf("the identifier %.40q is none that is known", name)
		}
	}
	return out.String(), nil
}

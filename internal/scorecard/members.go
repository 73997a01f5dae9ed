package scorecard

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// shape says which members an object of an expectation may have, and what lies below them. A name that is slipped would
// otherwise be an expectation that always holds.
type shape struct {
	members map[string]*shape // nil below a name: anything
	told    []string          // members that cases may carry and nobody judges: the scorecard says so
	each    *shape            // below names of the case's own choice
}

// shapeOf gives the members that are judged in a case of a kind; nil: its expectation is no object of ours.
func shapeOf(k Kind) *shape {
	codes := &shape{members: map[string]*shape{"exactly": nil, "contains": nil, "containsAny": nil, "excludes": nil}}
	switch k {
	case Provenance:
		manifest := &shape{members: map[string]*shape{"success": codes, "informational": codes, "failure": codes}}
		one := &shape{told: []string{"aiFrom"}, members: map[string]*shape{
			"store": nil, "state": nil, "stateNot": nil, "remote": nil, "ai": nil, "reject": nil, "manifests": manifest, "ingredients": manifest,
		}}
		one.members["anyOf"] = one
		return one
	case EndToEnd, Facts:
		entries := &shape{each: &shape{members: map[string]*shape{
			"state": nil, "atGeneration": nil, "now": nil, "level": nil, "binding": nil, "codes": codes,
		}}}
		s := &shape{members: map[string]*shape{
			"verdict": nil, "origin": nil, "originBasis": nil, "people": entries, "works": entries, "codes": codes,
		}}
		if k == Facts {
			s.members["error"] = nil
		} else {
			s.members["exit"], s.members["stdoutExcludes"] = nil, nil
		}
		return s
	case Marks:
		mark := &shape{
			members: map[string]*shape{"algorithm": nil, "message": nil, "grade": nil, "bits": nil},
			told:    []string{"scheme", "convention", "channelOrder", "spansMs"},
		}
		return &shape{told: []string{"findings", "c2pa"}, members: map[string]*shape{
			"ai": nil, "watermarks": mark, "withMessage": mark,
			"labels": {members: map[string]*shape{"kind": nil, "value": nil}, told: []string{"carrier", "producer"}},
			"softBinding": {
				members: map[string]*shape{"alg": nil, "result": nil},
				told:    []string{"distance", "scopeMs", "clash", "c2paFailure", "claim"},
			},
			"iscc": {members: map[string]*shape{"video256": nil}, told: []string{"distinctFrames", "reference", "distance"}},
		}}
	case Persons:
		return &shape{
			members: map[string]*shape{"undeclaredTracks": nil, "covered": nil, "notSeen": nil},
			told:    []string{"undeclared", "partial", "whichIsOpen"},
		}
	}
	return nil
}

// walk tells every member below a value that is not judged, by its path: those that are known, and slips.
func (s *shape) walk(path string, raw json.RawMessage, told, unknown set) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		for _, r := range list {
			s.walk(path, r, told, unknown)
		}
		return
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return
	}
	for name, value := range object {
		next, known := s.members[name]
		if s.each != nil {
			next, known = s.each, true
		}
		at := strings.TrimPrefix(path+"."+name, ".")
		switch {
		case !known && slices.Contains(s.told, name):
			told.add(at)
		case !known:
			unknown.add(at)
		case next != nil:
			next.walk(at, value, told, unknown)
		}
	}
}

// readMembers notes which members of the case's expectations nobody judges.
func (c *Case) readMembers(raw map[string]json.RawMessage) {
	s := shapeOf(c.kind)
	if s == nil {
		return
	}
	told, unknown := set{}, set{}
	s.walk("expect", raw["expect"], told, unknown)
	if c.kind == Persons {
		// They are expected of each declaration, and of nothing else.
		s = &shape{members: map[string]*shape{"file": nil, "missable": nil, "expect": s}, told: []string{"set", "because"}}
		told, unknown = set{}, set{}
		s.walk("declarations", raw["declarations"], told, unknown)
		delete(told, "declarations.set")
		delete(told, "declarations.because")
		if _, there := raw["expect"]; there {
			unknown.add("expect")
		}
	}
	c.notJudged, c.slips = slices.Sorted(maps.Keys(told)), slices.Sorted(maps.Keys(unknown))
}

// slipped is what is wrong with the case itself, for its result.
func (c *Case) slipped() (why []string) {
	for _, path := range c.slips {
		what := "judged"
		if strings.HasPrefix(path, "inputs.") {
			what = "read"
		}
		why = append(why, fmt.Sprintf("%s: no member that is %s in a case of the kind %s", path, what, c.kind))
	}
	return append(why, c.senseless...)
}

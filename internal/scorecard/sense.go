package scorecard

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The words that the report has for a store and for a state. One that is slipped in stateNot would always hold.
var (
	storeWords = []string{"present", "absent", "malformed"}
	stateWords = []string{"trusted", "valid", "well-formed", "invalid", "absent"}
)

// readSense notes what no case can mean: one about an asset that expects nothing that is judged in any kind of case, one
// of a kind that needs an asset and has none, and states that there are not. A case without an asset whose kind is not
// known stays one that is not asked.
func (c *Case) readSense(raw map[string]json.RawMessage) {
	switch {
	case c.kind == Unknown && c.Asset != "":
		c.notExpected(raw)
	case c.Asset == "" && (c.kind == Provenance || c.kind == Marks || c.kind == Persons):
		c.senseless = append(c.senseless, fmt.Sprintf("asset: a case of the kind %s needs one", c.kind))
	}
	if c.kind == Provenance {
		c.senseless = append(c.senseless, c.expect.unknownWords("expect")...)
	}
}

// notExpected names the members of an expectation of which no kind of case has one.
func (c *Case) notExpected(raw map[string]json.RawMessage) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw["expect"], &members) != nil || len(members) == 0 {
		c.senseless = append(c.senseless, "expect: nothing is expected")
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		c.senseless = append(c.senseless, fmt.Sprintf("expect.%s: makes it no kind of case that is known", name))
	}
	c.passOver(raw, readsOf[Provenance])
}

// unknownWords are the stores and states of an expectation that no report has.
func (x *expectation) unknownWords(path string) (why []string) {
	for _, m := range []struct {
		name        string
		list, known []string
	}{{"store", x.Store, storeWords}, {"state", x.State, stateWords}, {"stateNot", x.StateNot, stateWords}} {
		for _, w := range m.list {
			if !slices.Contains(m.known, w) {
				why = append(why, fmt.Sprintf("%s.%s: %q is none of %s", path, m.name, w, strings.Join(m.known, ", ")))
			}
		}
	}
	for i := range x.AnyOf {
		why = append(why, x.AnyOf[i].unknownWords(path+".anyOf")...)
	}
	return why
}

// plainForm says in words of JSON which member has another form than belongs there.
func plainForm(err error) error {
	var form *json.UnmarshalTypeError
	if !errors.As(err, &form) {
		return err
	}
	if form.Field == "" {
		return fmt.Errorf("a %s does not belong there", form.Value)
	}
	path := strings.Split(form.Field, ".")
	for i, name := range path {
		path[i] = memberName(name)
	}
	return fmt.Errorf("%s: a %s does not belong there", strings.Join(path, "."), form.Value)
}

// memberName is a member as a case writes it, of which the decoder tells the name of the field.
func memberName(field string) string {
	for _, name := range append(inputMembers[:len(inputMembers):len(inputMembers)], "ai", "c2pa", "iscc", "id") {
		if strings.EqualFold(name, field) {
			return name
		}
	}
	return strings.ToLower(field[:min(1, len(field))]) + field[min(1, len(field)):]
}

package consent

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

var (
	operations = set("generate", "alter", "dub", "reanimate", "train")
	effects    = set("revoke", "suspend")
)

// readOrders reads the standing orders: by the reader's own rules, and then by those of common sense.
func (b *bundle) readOrders() error {
	list := b.description.get("orders")
	if list.kind == absent {
		return nil
	}
	if list.kind != jsonArray {
		return &SyntaxError{Offset: -1, Path: "bundle.orders", Reason: "not an array"}
	}
	names := map[string]bool{}
	for i, item := range list.items {
		path := indexed("bundle.orders", i)
		item, err := b.order(item, path)
		if err != nil {
			return err
		}
		book := &Registry{}
		m := &members{path: path, of: item}
		book.decodeOrder(m)
		if m.err != nil {
			m.err.Offset = -1
			return m.err
		}
		o := book.orders[0]
		if o.name == "" || names[o.name] {
			return &SyntaxError{Offset: -1, Path: path + ".order", Reason: "the order's name is missing, or another order has it"}
		}
		names[o.name] = true
		if err := b.reaches(o, path); err != nil {
			return err
		}
		b.orders, b.orderItems = append(b.orders, o), append(b.orderItems, item)
	}
	return nil
}

// order checks the members of an order and writes its days as times.
func (b *bundle) order(item value, path string) (value, error) {
	if err := onlyMembers(item, path, "order", "decision", "override", "subjects", "providers", "operation", "modality", "effective_from", "effective_until", "reason"); err != nil {
		return item, err
	}
	if s := item.get("subjects"); s.kind != absent {
		if err := onlyMembers(s, path+".subjects", "select", "ids"); err != nil {
			return item, err
		}
	}
	if r := item.get("reason"); r.kind != absent && r.kind != jsonString {
		return item, &SyntaxError{Offset: -1, Path: path + ".reason", Reason: "not a string"}
	}
	for _, name := range []string{"effective_from", "effective_until"} {
		v := item.get(name)
		if v.kind == absent || v.kind == jsonNull {
			continue
		}
		at, ok := readDay(v.text)
		if !ok {
			return item, &SyntaxError{Offset: -1, Path: path + "." + name, Reason: "neither a day nor an RFC 3339 time"}
		}
		item = item.with(name, timeValue(at))
	}
	if item.get("effective_from").kind != jsonString {
		return item, &SyntaxError{Offset: -1, Path: path + ".effective_from", Reason: "missing: say since when the order holds"}
	}
	return item, nil
}

// reaches refuses an order that could meet nobody.
func (b *bundle) reaches(o order, path string) error {
	for _, l := range []struct {
		name  string
		terms []string
		known map[string]bool
	}{{"operation", o.operation, operations}, {"modality", o.modality, modalities}} {
		for _, t := range l.terms {
			if !l.known[t] {
				return &SyntaxError{Offset: -1, Path: path + "." + l.name, Reason: fmt.Sprintf("unknown term %q; known: %s", clip(t), strings.Join(slices.Sorted(maps.Keys(l.known)), ", "))}
			}
		}
		if len(l.terms) == 0 {
			return &SyntaxError{Offset: -1, Path: path + "." + l.name, Reason: "empty: the order would meet nothing"}
		}
	}
	if len(o.providers) == 0 {
		return &SyntaxError{Offset: -1, Path: path + ".providers", Reason: `empty: the order would meet no provider; ["*"] meets all`}
	}
	if !o.span.until.IsZero() && !o.span.until.After(o.span.from) {
		return &SyntaxError{Offset: -1, Path: path + ".effective_until", Reason: "does not come after effective_from"}
	}
	if o.selector == "roster" && len(b.roster) == 0 {
		return refuseBundle("the order %q selects the roster, and there is none", clip(o.name))
	}
	if o.selector == "ids" && len(o.ids) == 0 {
		return &SyntaxError{Offset: -1, Path: path + ".subjects.ids", Reason: "empty: the order would meet nobody"}
	}
	for id := range o.ids {
		who, ok := parseSubject(id)
		if !ok {
			return &SyntaxError{Offset: -1, Path: path + ".subjects.ids", Reason: fmt.Sprintf("%q is no scheme:id", clip(id))}
		}
		if why := badSubject(who.scheme, who.id); why != "" {
			return &SyntaxError{Offset: -1, Path: path + ".subjects.ids", Reason: why}
		}
		if len(b.roster) > 0 && !slices.ContainsFunc(b.roster, func(e rosterLine) bool { return e.who == who }) {
			return refuseBundle("the order %q names %q, who is not on the roster: an order reaches nobody else", clip(o.name), clip(id))
		}
	}
	return nil
}

// readRevocations reads the events of the issuer's own tokens. Consent format 1, 6.
func (b *bundle) readRevocations() error {
	list := b.description.get("revocations")
	if list.kind == absent {
		return nil
	}
	if list.kind != jsonArray {
		return &SyntaxError{Offset: -1, Path: "bundle.revocations", Reason: "not an array"}
	}
	if len(list.items) > maxRoster {
		return &SyntaxError{Offset: -1, Path: "bundle.revocations", Reason: fmt.Sprintf("more than %d", maxRoster), Large: true}
	}
	for i, e := range list.items {
		path := indexed("bundle.revocations", i)
		if err := onlyMembers(e, path, "jti", "iss", "at", "effect"); err != nil {
			return err
		}
		if iss := e.get("iss"); iss.kind != absent && iss.text != b.issuer {
			return &SyntaxError{Offset: -1, Path: path + ".iss", Reason: "a bundle speaks of its own issuer's tokens only"}
		}
		at, ok := readDay(e.get("at").text)
		if !ok || e.get("jti").text == "" || !effects[e.get("effect").text] {
			return &SyntaxError{Offset: -1, Path: path, Reason: "jti, at (a day or a time) and effect (revoke or suspend) are needed"}
		}
		b.events = append(b.events, e.with("iss", textValue(b.issuer)).with("at", timeValue(at)))
	}
	return nil
}

// proof reads the finished bundle as anybody would, and wants to find in it what was put in.
func (b *bundle) proof(raw string) error {
	kid := kidOf(b.in.Kid, b.in.Key)
	i := &Issuer{ID: b.issuer, Mode: "roster", Keys: []*IssuerKey{{Kid: kid, Key: b.in.Key.Public}}}
	book, err := openRegistry(raw, &TrustList{Entries: []*Issuer{i}, byID: map[string]*Issuer{i.ID: i}}, b.in.Now)
	if err != nil {
		return refuseBundle("%v", err)
	}
	for _, e := range b.roster {
		if !book.holds(e.who, e.from) {
			return refuseBundle("%q is not found on its roster", clip(e.who.String()))
		}
	}
	if !reflect.DeepEqual(book.orders, b.orders) {
		return refuseBundle("its orders read back otherwise")
	}
	if book.sequence != b.sequence || !book.nextUpdate.Equal(b.nextUpdate) {
		return refuseBundle("its dates read back otherwise")
	}
	for _, e := range b.events {
		if _, ok := book.events[e.get("jti").text]; !ok {
			return refuseBundle("the revocation of %q is not found", clip(e.get("jti").text))
		}
	}
	return nil
}

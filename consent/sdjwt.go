package consent

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// Members that may be disclosed selectively; unknown members may be, too. Consent format 1, 3.1.
var (
	tokenMembers = set("iss", "sub", "sub_commit", "sub_salt", "aud", "jti", "iat", "exp", "nbf", "cnf", "status", "consent", "_sd_alg")
	scopeMembers = set("type", "modality", "operation", "purpose", "territory", "channel", "works", "exclude", "permit_content",
		"training", "subject_status", "authority", "custody", "assurance", "licence", "compensation", "representation", "use_s256",
		"post_revocation", "max_uses", "request_id", "asset", "regions", "chain")
	tokenDisclosable = set("sub")
	scopeDisclosable = set("licence", "compensation", "representation", "use_s256", "assurance")
	// mustShow are the limits whose absence means "no limit": they stand in the signed part, so that none can be hidden.
	mustShow = [...]string{"territory", "channel", "works", "exclude"}
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// discloser puts disclosures into their places. RFC 9901, 7.1; consent format 1, 3.1.
type discloser struct {
	byDigest map[string]*disclosure
	digests  map[string]bool // every digest seen so far: none may stand twice
}

type disclosure struct {
	items []value // salt, name and value; or salt and value
	used  bool
}

// place is what the format says about the object or array that is being read.
type place uint8

const (
	placeToken place = iota // the payload
	placeScope              // the member consent
	placeLimit              // anything inside a member that limits a grant: no digest may stand here
	placeFree               // unknown members, and those that may be disclosed
)

// disclose returns the payload of an SD-JWT with its disclosures in place, or the reason why they break the rules.
// It is asked only after the signature was verified.
func disclose(payload value, texts []string) (value, error) {
	if alg := payload.get("_sd_alg"); alg.kind != absent && (alg.kind != jsonString || alg.text != "sha-256") {
		return value{}, fmt.Errorf("_sd_alg is not sha-256")
	}
	d := &discloser{byDigest: make(map[string]*disclosure, len(texts)), digests: map[string]bool{}}
	for i, text := range texts {
		b, ok := decodePart(text)
		if !ok {
			return value{}, fmt.Errorf("disclosure %d is not base64url", i)
		}
		v, err := parseJSON(string(b), "disclosure", tokenJSON)
		if err != nil {
			return value{}, err
		}
		if v.kind != jsonArray || len(v.items) != 2 && len(v.items) != 3 || v.items[0].kind != jsonString {
			return value{}, fmt.Errorf("disclosure %d is no array of a salt, a name and a value", i)
		}
		sum := sha256.Sum256([]byte(text))
		digest := base64.RawURLEncoding.EncodeToString(sum[:])
		if d.byDigest[digest] != nil {
			return value{}, fmt.Errorf("disclosure %d is given twice", i)
		}
		d.byDigest[digest] = &disclosure{items: v.items}
	}
	out, err := d.object(payload, placeToken, 1)
	if err != nil {
		return value{}, err
	}
	for _, text := range texts {
		sum := sha256.Sum256([]byte(text))
		if digest := base64.RawURLEncoding.EncodeToString(sum[:]); !d.byDigest[digest].used {
			return value{}, fmt.Errorf("a disclosure's digest does not stand in the signed part")
		}
	}
	return out, nil
}

// take notes a digest and returns its disclosure, if it is at hand.
func (d *discloser) take(v value) (*disclosure, error) {
	if v.kind != jsonString {
		return nil, fmt.Errorf("a digest is not a string")
	}
	if d.digests[v.text] {
		return nil, fmt.Errorf("a digest stands twice")
	}
	d.digests[v.text] = true
	found := d.byDigest[v.text]
	if found != nil {
		found.used = true
	}
	return found, nil
}

func (d *discloser) value(v value, at place, depth int) (value, error) {
	switch v.kind {
	case jsonObject:
		return d.object(v, at, depth)
	case jsonArray:
		return d.array(v, at, depth)
	}
	return v, nil
}

func (d *discloser) object(v value, at place, depth int) (value, error) {
	if depth > maxTokenDepth {
		return value{}, fmt.Errorf("with its disclosures nested deeper than %d", maxTokenDepth)
	}
	out := value{kind: jsonObject}
	for i, name := range v.names {
		if name == "_sd" || name == "_sd_alg" && at == placeToken {
			continue
		}
		item, err := d.value(v.items[i], within(at, name), depth+1)
		if err != nil {
			return value{}, err
		}
		out.names, out.items = append(out.names, name), append(out.items, item)
	}
	sd := v.get("_sd")
	if sd.kind == absent {
		return out, nil
	}
	if sd.kind != jsonArray {
		return value{}, fmt.Errorf("_sd is not an array")
	}
	if at == placeLimit {
		return value{}, fmt.Errorf("a member hides inside one that limits the token")
	}
	for _, digest := range sd.items {
		found, err := d.take(digest)
		if err != nil {
			return value{}, err
		}
		if found == nil {
			continue
		}
		if len(found.items) != 3 || found.items[1].kind != jsonString {
			return value{}, fmt.Errorf("a disclosure of an array element stands among members")
		}
		name := found.items[1].text
		switch {
		case name == "_sd" || name == "...":
			return value{}, fmt.Errorf("a disclosure has the reserved name %q", name)
		case out.get(name).kind != absent || v.get(name).kind != absent:
			return value{}, fmt.Errorf("a disclosure has the name of a member that is there: %q", clip(name))
		case at == placeToken && tokenMembers[name] && !tokenDisclosable[name], at == placeScope && scopeMembers[name] && !scopeDisclosable[name]:
			return value{}, fmt.Errorf("%q may not be disclosed selectively", clip(name))
		}
		item, err := d.value(found.items[2], within(at, name), depth+1)
		if err != nil {
			return value{}, err
		}
		out.names, out.items = append(out.names, name), append(out.items, item)
	}
	return out, nil
}

func (d *discloser) array(v value, at place, depth int) (value, error) {
	if depth > maxTokenDepth {
		return value{}, fmt.Errorf("with its disclosures nested deeper than %d", maxTokenDepth)
	}
	out := value{kind: jsonArray}
	for _, item := range v.items {
		digest := item.get("...")
		if digest.kind == absent {
			read, err := d.value(item, at, depth+1)
			if err != nil {
				return value{}, err
			}
			out.items = append(out.items, read)
			continue
		}
		if at == placeLimit {
			return value{}, fmt.Errorf("an element hides inside a member that limits the token")
		}
		found, err := d.take(digest)
		if err != nil {
			return value{}, err
		}
		if len(item.names) != 1 {
			return value{}, fmt.Errorf("an array digest has further members")
		}
		if found == nil {
			continue
		}
		if len(found.items) != 2 {
			return value{}, fmt.Errorf("a disclosure of a member stands among array elements")
		}
		read, err := d.value(found.items[1], at, depth+1)
		if err != nil {
			return value{}, err
		}
		out.items = append(out.items, read)
	}
	return out, nil
}

// within is the place that a member opens.
func within(at place, name string) place {
	switch {
	case at == placeToken && name == "consent":
		return placeScope
	case at == placeToken && tokenMembers[name], at == placeScope && scopeMembers[name] && !scopeDisclosable[name], at == placeLimit:
		return placeLimit
	}
	return placeFree
}

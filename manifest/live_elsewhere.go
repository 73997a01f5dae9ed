package manifest

import (
	"bytes"
	"errors"
	"fmt"
)

const (
	// maxLiveElsewhere bounds the manifests that are got from elsewhere for all renditions: keys are renewed now and then.
	maxLiveElsewhere = 8
	// maxLiveStore bounds such a store, or the initialization segment that has it, in bytes: all together take as much as
	// the largest store of a file.
	maxLiveStore = 8 << 20
)

// manifestURI names where the manifest with the keys is:
//
//	hashed-ext-uri-map = { url: tstr, alg: tstr, hash: bstr, ? dc:format: tstr, ? size: uint, ? data_types: [1* …] }
//
// C2PA 2.5, 9.3 and 15.5.2.
type manifestURI struct {
	URL  *string `cbor:"url"`
	Alg  string  `cbor:"alg"`
	Hash []byte  `cbor:"hash"`
	Size *int64  `cbor:"size"`
}

// elsewhere is what came of a manifest that statements name by its address.
type elsewhere struct {
	keys      []sessionKey
	why       string // why its keys are not used; empty: they are
	undecided bool   // it was not at hand: nobody can say what it is worth
}

// keysElsewhere gets the session keys of the manifest that a statement names by its address, where none at hand is the
// one; nil: there is no need. The address is signed by nobody yet: what comes from there counts by its digest, its label
// and its own signature. The error is the context's or a limit. C2PA 2.5, 15.8.3.
func (k *liveCheck) keysElsewhere(m *segmentInfoMap) (*elsewhere, error) {
	const what = "live manifest"
	if m.URI == nil || m.URI.URL == nil || m.Manifest == nil {
		return nil, nil
	}
	at, label := *m.URI.URL, *m.Manifest
	if label == k.keyOf {
		k.unchecked(what, fmt.Sprintf("statements also name their manifest at %.200q (manifestUri): the one that is at hand counts, the address is not asked", at))
		return nil, nil
	}
	e, ok := k.elsewhere[label]
	if !ok {
		var err error
		if e, err = k.get(m.URI, label); err != nil {
			return nil, err
		}
		if len(k.elsewhere) < maxLiveElsewhere {
			k.elsewhere[label] = e
		}
	}
	if e.why == "" {
		return e, nil
	}
	out := &elsewhere{undecided: e.undecided, why: fmt.Sprintf("its keys lie elsewhere, and %s: %.200q (manifestUri), the manifest %.200q", e.why, at, label)}
	if e.undecided {
		k.unchecked(what, fmt.Sprintf("segments could not be judged: their keys lie elsewhere, and %s: %.200q (manifestUri), the manifest %.200q", e.why, at, label))
	}
	return out, nil
}

// get gets a manifest from elsewhere, if the user allows the network, and judges it.
func (k *liveCheck) get(u *manifestURI, label string) (*elsewhere, error) {
	switch {
	case k.opt.Fetch == nil:
		return &elsewhere{why: "nothing is fetched without leave to use the network (--fetch)", undecided: true}, nil
	case len(k.elsewhere) == maxLiveElsewhere:
		return &elsewhere{why: fmt.Sprintf("%d manifests are looked for elsewhere, and no more", maxLiveElsewhere), undecided: true}, nil
	}
	h := newHash(u.Alg) // C2PA 2.5, 14.4: what lies outside of the store names its algorithm itself
	if h == nil || len(u.Hash) != h.Size() {
		return &elsewhere{why: "their address comes without a digest that can be used"}, nil
	}
	body, why, err := k.opt.Fetch(k.ctx, *u.URL, maxLiveStore)
	switch {
	case err != nil:
		return nil, err
	case why != "":
		return &elsewhere{why: "they could not be had: " + why, undecided: true}, nil
	}
	if h.Write(body); !bytes.Equal(h.Sum(nil), u.Hash) || u.Size != nil && *u.Size != int64(len(body)) {
		return &elsewhere{why: "what lies there is not what the statement names"}, nil
	}
	return k.judgeElsewhere(body, label)
}

// judgeElsewhere judges a manifest that came from elsewhere: a store by itself, or an asset that has one, which it then
// has to bind. C2PA 2.5, 11.8.
func (k *liveCheck) judgeElsewhere(body []byte, label string) (*elsewhere, error) {
	content, data, update := (*Content)(nil), body, []byte(nil)
	if len(body) < 8 || string(body[4:8]) != "jumb" {
		r := bytes.NewReader(body)
		loc, err := Locate(k.ctx, r, r.Size(), k.opt.Limits)
		if err != nil {
			return nil, err
		}
		if loc.Store == nil {
			return &elsewhere{why: "what lies there is no manifest store, and has none"}, nil
		}
		content, data, update = &Content{Data: r, Size: r.Size(), Located: loc}, loc.Store, loc.Update
	}
	store, err := Parse(data, update, k.opt.Limits)
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return &elsewhere{why: err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	opt := k.opt
	opt.Label = ""
	res, err := store.Validate(k.ctx, content, opt)
	if err != nil {
		return nil, err
	}
	worth := res.State
	if content == nil { // it is what it is worth by itself
		worth = state(res.Active)
	}
	switch why := k.worthless(res, worth); {
	case res.Active.Label != label:
		return &elsewhere{why: fmt.Sprintf("what lies there is the manifest %.200q", res.Active.Label)}, nil
	case why != "":
		return &elsewhere{why: why}, nil
	}
	if content == nil {
		k.unchecked("live manifest", fmt.Sprintf("the manifest %.200q was fetched for its session keys; what it binds itself was not at hand", label))
	}
	own, of := k.keys, k.keyOf
	k.keys = nil
	k.takeKeys(res)
	e := &elsewhere{keys: k.keys}
	k.keys, k.keyOf = own, of // statements that name no address go on with those at hand
	return e, nil
}

// worthless says why a manifest is worth less than the stream's manifests must be; empty: it is worth enough.
func (k *liveCheck) worthless(res *Result, worth string) string {
	if worth == Trusted || worth == Valid && k.worth != Trusted {
		return ""
	}
	why := "its manifest is not " + cmpOr(k.worth, Valid)
	for _, f := range res.Active.Failure {
		if !trustOnly[f.Code] || k.worth == Trusted {
			return fmt.Sprintf("%s (%s: %s)", why, f.Code, f.Explanation)
		}
	}
	return why
}

// undecided makes the result that nobody can give where segments could not be judged, and no other was refused: neither
// that the stream is as it was signed, nor that it is not.
func (r *Result) undecided() {
	if r.Active.State == Valid || r.Active.State == Trusted {
		r.Active.State, r.State = "", ""
		r.Binding.State = BindingUnknown
	}
}

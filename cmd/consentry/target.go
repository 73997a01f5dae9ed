package main

import (
	"context"
	"errors"
)

// target is one asset that is to be judged: a file, or a set that is open.
type target struct {
	name string
	set  *set // nil: a file that is opened when its turn comes
	// crops is the folder of its own among those for pictures; empty: it has theirs to itself.
	crops string
}

// inputs are the files that it is read from.
func (t *target) inputs() []string {
	if t.set == nil {
		return []string{t.name}
	}
	return t.set.shelf.paths()
}

func closeTargets(list []*target) {
	seen := map[*shelf]bool{}
	for _, t := range list {
		if t.set != nil && !seen[t.set.shelf] {
			seen[t.set.shelf] = true
			t.set.close()
		}
	}
}

// targetsOf gives what is to be judged.
func (p *program) targetsOf(ctx context.Context, o *verifyOptions) (list []*target, err error) {
	defer func() {
		if err != nil {
			closeTargets(list)
		}
	}()
	var sets []*set
	switch {
	case o.set != "":
		if sets, err = openSetFolder(ctx, o.set, o.fragments, o.manifest != ""); err != nil {
			return nil, err
		}
	case len(o.fragments) > 0:
		if err := checkFragments(o.assets[0], o.fragments); err != nil {
			return nil, err
		}
		s, err := openSet(o.assets[0], o.fragments)
		if err != nil {
			return nil, err
		}
		sets = []*set{s}
	}
	for _, s := range sets {
		list = append(list, &target{name: s.asset.Name, set: s})
	}
	if sets != nil {
		return list, nil
	}
	for _, arg := range o.assets {
		if isPlaylist(arg) {
			sets, err := readPlaylist(ctx, arg, o.manifest != "")
			if err != nil {
				return list, prefixed(arg, err)
			}
			for _, s := range sets {
				list = append(list, &target{name: s.asset.Name, set: s})
			}
			continue
		}
		names, err := p.expandAssets([]string{arg}, maxAssets-len(list))
		if err != nil {
			return list, err
		}
		if isFolder([]string{arg}) {
			p.hintOfSet(arg, names)
		}
		p.hintOfName(arg)
		for _, n := range names {
			list = append(list, &target{name: n})
		}
	}
	if len(list) > 1 && o.format == "crjson" {
		err = errors.New("--format crjson speaks of one file, and there are several")
	}
	if err == nil && len(list) > 1 && o.linkHeader != "" {
		err = errors.New("--link-header speaks of one file, and there are several")
	}
	return list, err
}

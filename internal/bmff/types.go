package bmff

import "strings"

// Box types that the project names. ISO/IEC 14496-12, Table 1; QuickTime File Format.
const (
	Ftyp FourCC = 0x66747970
	Styp FourCC = 0x73747970
	Moov FourCC = 0x6d6f6f76
	Moof FourCC = 0x6d6f6f66
	Mdat FourCC = 0x6d646174
	Mfra FourCC = 0x6d667261
	Free FourCC = 0x66726565
	Skip FourCC = 0x736b6970
	UUID FourCC = 0x75756964
	Meta FourCC = 0x6d657461
	Udta FourCC = 0x75647461
	Hdlr FourCC = 0x68646c72
	Mvhd FourCC = 0x6d766864
	Mvex FourCC = 0x6d766578
	Trex FourCC = 0x74726578
	Trak FourCC = 0x7472616b
	Tkhd FourCC = 0x746b6864
	Edts FourCC = 0x65647473
	Elst FourCC = 0x656c7374
	Mdia FourCC = 0x6d646961
	Mdhd FourCC = 0x6d646864
	Minf FourCC = 0x6d696e66
	Dinf FourCC = 0x64696e66
	Dref FourCC = 0x64726566
	Stbl FourCC = 0x7374626c
	Stsd FourCC = 0x73747364
	Stts FourCC = 0x73747473
	Stsz FourCC = 0x7374737a
	Stz2 FourCC = 0x73747a32
	Stsc FourCC = 0x73747363
	Stco FourCC = 0x7374636f
	Co64 FourCC = 0x636f3634
	Traf FourCC = 0x74726166
	Tfhd FourCC = 0x74666864
	Tfdt FourCC = 0x74666474
	Trun FourCC = 0x7472756e
)

// plain says that boxes of this type hold other boxes and nothing else. C2PA's xpath goes through such boxes only.
// C2PA 2.5, 16.3.2.3.
func plain(t FourCC) bool {
	switch t {
	case Moov, Moof, Mfra, Udta, Mvex, Trak, Edts, Mdia, Minf, Dinf, Stbl, Traf,
		0x74726566, // tref
		0x6d65636f, // meco
		0x7374726b, // strk
		0x73747264, // strd
		0x73696e66, // sinf
		0x72696e66, // rinf
		0x73636869, // schi
		0x74726772, // trgr
		0x676d6864, // gmhd
		0x74617074: // tapt
		return true
	}
	return false
}

// container says that the walk goes inside.
func container(t FourCC) bool { return t == Meta || t == 0x696c7374 /* ilst */ || plain(t) }

// lazy says that the inside is read when asked for and not kept: a file may have very many of these.
func lazy(t FourCC) bool { return t == Moof }

// fullBox says that version and flags follow the header. ISO/IEC 14496-12, 4.2.2, and the boxes of ISO/IEC 23001-7,
// 14496-15 and 23008-12 that extend FullBox.
func fullBox(t FourCC) bool {
	_, ok := fullBoxes[t]
	return ok
}

var fullBoxes = func() map[FourCC]struct{} {
	m := map[FourCC]struct{}{}
	for _, s := range []string{
		"mvhd", "tkhd", "mdhd", "hdlr", "elng", "vmhd", "smhd", "hmhd", "sthd", "nmhd", "gmin", "dref", "url ", "urn ", "imdt", "snim",
		"stsd", "stts", "ctts", "cslg", "stss", "stsh", "sdtp", "stsz", "stz2", "stsc", "stco", "co64", "padb", "stdp", "stdt",
		"sbgp", "sgpd", "csgp", "subs", "saiz", "saio", "elst", "mehd", "trex", "leva", "trep", "assp", "mfhd", "tfhd", "tfdt",
		"trun", "tfra", "mfro", "pdin", "sidx", "ssix", "prft", "emsg", "pssh", "tenc", "senc", "schm", "stvi", "meta", "xml ", "bxml",
		"iloc", "iinf", "infe", "pitm", "ipro", "iref", "ipma", "ispe", "pixi", "auxC", "mere", "cprt", "tsel", "kind", "stri", "fiin",
		"paen", "fpar", "fecr", "fdel", "fire", "gitn", "srpp", "rloc", "txtC", "uri ", "chnl", "dmix", "ludt", "tlou", "alou", "srat", "vpcC", "keys",
	} {
		m[CC(s)] = struct{}{}
	}
	return m
}()

// Soft says that a problem lies in user data or metadata, which many writers fill freely and nothing that is judged
// rests on; or that it is a number of bytes too few for a box.
func (p Problem) Soft() bool {
	if p.Kind == Trailing {
		return true
	}
	if p.Kind == TooDeep || p.Path == "" {
		return false
	}
	return softPath(p.Path)
}

func softPath(path string) bool {
	return strings.Contains(path, "/udta[") || strings.Contains(path, "/meta[")
}

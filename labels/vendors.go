package labels

import "strings"

// vendor is a company whose services generate content, as labels, tools and certificates name it.
type vendor struct {
	family string // the company
	// products are its services as tools write them. Longer names stand before those that they begin with.
	products []string
	// services are its services by the unified social credit code of who runs them. TC260 registrations.
	services []service
	// signers are words of the names in its certificates and claim generators, in lower case.
	signers []string
}

type service struct{ code, name string }

// vendors are those that are known. A name that is not here is shown as it is.
var vendors = []vendor{
	{
		"ByteDance",
		[]string{"Doubao", "Jimeng", "Dreamina", "Seedance", "豆包", "即梦"},
		[]service{{"91110102MACQD9K640", "Doubao"}, {"9144030008867405X2", "Jimeng"}},
		[]string{"bytedance", "byteplus", "volcengine", "dreamina", "capcut"},
	},
	{
		"Alibaba",
		[]string{"Qwen", "HappyHorse", "Tongyi", "Wan"},
		[]service{{"91440101MA9Y9T4H7A", "Qwen"}, {"91330106MA2CFLDG4R", "Alibaba (Wan, HappyHorse)"}},
		[]string{"alibaba", "tongyi"},
	},
	{"Kuaishou", []string{"Kling", "可灵"}, []service{{"91110108335469089C", "Kling"}}, []string{"kuaishou", "kling"}},
	{"Tencent", []string{"Hunyuan", "混元"}, []service{{"91440300708461136T", "Tencent"}}, []string{"tencent", "hunyuan"}},
	{"Baidu", nil, []service{{"91110000802100433B", "Baidu"}}, []string{"baidu"}},
	{"LiblibAI", []string{"LiblibAI"}, []service{{"91110105MACJ6K1C8A", "LiblibAI"}}, []string{"liblib"}},
	{"RunningHub", []string{"RunningHub"}, []service{{"91340100MAEB4N8H76", "RunningHub"}}, []string{"runninghub"}},
	{"MiniMax", []string{"MiniMax", "Hailuo", "海螺"}, nil, []string{"minimax", "hailuo"}},
	{"PicWish", []string{"PicWish"}, nil, []string{"picwish"}},
	{"OpenAI", []string{"Sora"}, nil, []string{"openai", "sora"}},
	{"Google", []string{"Veo"}, nil, []string{"google"}},
	{"Runway", []string{"Runway"}, nil, []string{"runway"}},
	{"Pika", []string{"Pika"}, nil, []string{"pika"}},
	{"Luma", []string{"Luma"}, nil, []string{"luma"}},
	{"Shengshu", []string{"Vidu"}, nil, []string{"shengshu", "vidu"}},
	{"PixVerse", []string{"PixVerse"}, nil, []string{"pixverse"}},
	{"Higgsfield", []string{"Higgsfield"}, nil, []string{"higgsfield"}},
	{"xAI", nil, nil, []string{"xai", "grok"}},
	{"Adobe", nil, nil, []string{"adobe"}},
	{"Stability AI", nil, nil, []string{"stability"}},
	{"Black Forest Labs", nil, nil, []string{"black forest labs"}},
}

// serviceOf is the service that a code or a bare name in a TC260 label stands for; empty: nobody knows.
func serviceOf(code string) string {
	u := uscc(code)
	for _, v := range vendors {
		for _, s := range v.services {
			if u == s.code {
				return s.name
			}
		}
		for _, p := range v.products {
			if strings.EqualFold(code, p) {
				return p
			}
		}
	}
	return ""
}

// familyOf is the company whose service a name is, as [serviceOf] gives it or as a tool writes it; empty: nobody knows.
func familyOf(name string) string {
	for _, v := range vendors {
		for _, s := range v.services {
			if strings.EqualFold(name, s.name) {
				return v.family
			}
		}
		for _, p := range v.products {
			if strings.EqualFold(name, p) {
				return v.family
			}
		}
	}
	return ""
}

// SignerFamily is the company that a name in a certificate or a claim generator is of; empty: nobody knows.
func SignerFamily(name string) string {
	name = strings.ToLower(name)
	for _, v := range vendors {
		for _, s := range v.signers {
			if words(name, s) {
				return v.family
			}
		}
	}
	return ""
}

// words says that a text holds another between borders of words.
func words(text, word string) bool {
	_, _, ok := find(text, word)
	return ok
}

// find gives where a word stands in a text, between borders of words. Both are of one case.
func find(text, word string) (from, to int, ok bool) {
	for from = 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return 0, 0, false
		}
		from += i
		to = from + len(word)
		if border(text, from) && border(text, to) {
			return from, to, true
		}
		from = to
	}
}

// border says that no word goes over a place in a text. Chinese names have no spaces around them.
func border(text string, at int) bool {
	if at == 0 || at == len(text) {
		return true
	}
	return !letter(text[at-1]) || !letter(text[at])
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

package meter

// siteKind is what an instruction means to the rewriting.
type siteKind uint8

const (
	siteLoop     siteKind = iota // a loop: a check goes behind it
	siteCall                     // names a function by index: the index moves
	siteRefFunc                  // the same, without a call
	siteIndirect                 // may come back to its caller: a check goes before it
)

// site is an instruction that is to be rewritten, at body[at:end].
type site struct {
	at, end int
	kind    siteKind
	index   uint32 // siteCall, siteRefFunc
}

// WebAssembly 2.0 §5.4, the opcodes that have immediates.
const (
	opBlock         = 0x02
	opLoop          = 0x03
	opIf            = 0x04
	opBr            = 0x0c
	opBrIf          = 0x0d
	opBrTable       = 0x0e
	opCall          = 0x10
	opCallIndirect  = 0x11
	opSelectT       = 0x1c
	opLocalGet      = 0x20
	opGlobalGet     = 0x23
	opGlobalSet     = 0x24
	opTableSet      = 0x26
	opFirstMemory   = 0x28
	opLastMemory    = 0x3e
	opMemorySize    = 0x3f
	opMemoryGrow    = 0x40
	opI32Const      = 0x41
	opI64Const      = 0x42
	opF32Const      = 0x43
	opF64Const      = 0x44
	opFirstNumeric  = 0x45
	opLastNumeric   = 0xc4
	opRefNull       = 0xd0
	opRefIsNull     = 0xd1
	opRefFunc       = 0xd2
	opPrefixMisc    = 0xfc
	opPrefixSIMD    = 0xfd
	opEnd           = 0x0b
	blockVoid       = 0x40
	lastSIMD        = 0x113
	firstLaneAccess = 21
	lastLaneAccess  = 34
)

// walk reads instructions to the end of r and returns what is to be rewritten.
// globals is the number of globals of the module as it is: an index beyond
// them would reach the one that the rewriting adds.
func walk(r *reader, globals uint32) []site {
	var sites []site
	for !r.done() {
		at := r.pos
		op := r.byte()
		switch op {
		case opLoop:
			r.leb()
			sites = append(sites, site{at: at, end: r.pos, kind: siteLoop})
		case opCall, opRefFunc:
			kind := siteCall
			if op == opRefFunc {
				kind = siteRefFunc
			}
			index := r.u32()
			sites = append(sites, site{at: at, end: r.pos, kind: kind, index: index})
		case opCallIndirect:
			r.u32()
			r.u32()
			sites = append(sites, site{at: at, end: r.pos, kind: siteIndirect})
		case opGlobalGet, opGlobalSet:
			if r.u32() >= globals {
				r.fail()
			}
		default:
			immediates(r, op)
		}
		if r.err != nil {
			return nil
		}
	}
	return sites
}

// immediates passes over what follows an opcode that is not rewritten.
func immediates(r *reader, op byte) {
	switch {
	case op == opBlock, op == opIf, op == opI32Const, op == opI64Const, op == opRefNull:
		r.leb()
	case op == opBr, op == opBrIf, op >= opLocalGet && op <= opTableSet,
		op == opMemorySize, op == opMemoryGrow:
		r.u32()
	case op == opBrTable:
		for n := uint64(r.u32()) + 1; n > 0 && r.err == nil; n-- {
			r.u32()
		}
	case op == opSelectT:
		r.skip(uint64(r.u32()))
	case op >= opFirstMemory && op <= opLastMemory:
		memarg(r)
	case op == opF32Const:
		r.skip(4)
	case op == opF64Const:
		r.skip(8)
	case op == opPrefixMisc:
		misc(r)
	case op == opPrefixSIMD:
		simd(r)
	case op <= 0x01, op == 0x05, op == opEnd, op == 0x0f, op == 0x1a, op == 0x1b,
		op >= opFirstNumeric && op <= opLastNumeric, op == opRefIsNull:
		// no immediates
	default:
		r.fail() // a proposal beyond WebAssembly 2.0
	}
}

func memarg(r *reader) {
	r.u32()
	r.u32()
}

// misc is the 0xfc family: saturating conversions, bulk memory and tables.
func misc(r *reader) {
	switch sub := r.u32(); {
	case sub <= 7: // trunc_sat
	case sub == 8, sub == 10, sub == 12, sub == 14: // memory.init and copy, table.init and copy
		r.u32()
		r.u32()
	case sub == 9, sub == 11, sub == 13, sub >= 15 && sub <= 17:
		r.u32()
	default:
		r.fail()
	}
}

// simd is the 0xfd family.
func simd(r *reader) {
	switch sub := r.u32(); {
	case sub <= 11, sub == 92, sub == 93: // loads and stores
		memarg(r)
	case sub == 12, sub == 13: // v128.const, i8x16.shuffle
		r.skip(16)
	case sub >= firstLaneAccess && sub <= lastLaneAccess:
		r.byte()
	case sub >= 84 && sub <= 91: // loads and stores of a lane
		memarg(r)
		r.byte()
	case sub > lastSIMD:
		r.fail()
	}
}

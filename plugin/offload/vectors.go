package offload

import "github.com/postern-wasm/postern/plugin/jose/jwa"

// vector is a good signature by a key of 2048 bits with the exponent 65537, in base64url.
type vector struct{ modulus, signature string }

// vectorText is what the vectors sign, and exponent what their keys have.
const (
	vectorText = "Test"
	exponent   = "\x01\x00\x01"
)

// vectors are case 3 of Wycheproof's rsa_signature_2048_sha256, sha384 and sha512.
var vectors = [...]vector{
	jwa.SHA256: {
		modulus: "orRRoH0KpfluRVZxUTVQUUqKW0YuvvcXCU-h_ugiJOY3-XRtP3yv0xh42AMltu9aFwD2WQO0aUKeidbqyIRQl7WrOTGJ25JR" +
			"LtincRoSU_rNIPecFegkfz0-QuRuSMmOJUov6XZTE6A-_48X4aApOXofomqNzib0kO2BKZYV2YFMItphBCjgnH2WWFlCZvXA" +
			"IdD87KCNlFoSvoLeTR7Oa0wDFFtdNJXU7VQR64eNrwX9evw-Ca2g8RJkIvWQl1oZaYFvSGmLy7obTZyuedRg2Pn4Xnl1AF2b" +
			"wixOWsD3waRdElaaYoB9O5oC5aUw53MGb0U9H1tMLpz3ggKD90K51Q",
		signature: "JkSR6ETBGfFOQlwDKCE5pVjc2uuCpGKBc81Af9MZ-QdurrwN2HocIuTReDkJaIbVip1bf3rrY-_sVsRax76tQgO2iG4fqpDg" +
			"KOwK4JTUa_P5fv3RkEXPvCWhq9okMmOfmHZAXA1o-O2_BHwSpFT3aB1dWitUvTcj0ZPbrUM4uq11MmQAbi0IkxxLi7eaocnK" +
			"0Q62YF-HxYMfbisI4AL5xvIRQfWEHZJyfdPh2Zw2vFYNo8kGffmfyvgYlB9yWIvjMDK60iyvZwQiO7EU1XW20C2dIitYAAXZ" +
			"MOj0DM6fZy7rtjSiAXfYQ1FieWS4PyBT1zaoSrGgBfY71bqUPeYgXA",
	},
	jwa.SHA384: {
		modulus: "zab6XKdr_gSS7Ffgo7__cnLcjR4lrR-zOKoFDwLBBOYxM9a1t8SYXruumsA2pbnAMHTWCuyOJbrzkqDEMP8FuI6UiAXT3XRR" +
			"HYiFJQp7V0IVraAVxVkHZobiU8zJbAgVsSke54fMM2O0932TDrmY18WCskzqnOId6XInkZiYY6J-vICgDeW9L5Iod15aTOsF" +
			"TVjJvjagVDNpcaE2Qt2VEN1paqJo2zqrIpnV2I-OViQ00UJwlNPfjnLR72m07TTRK6w3UiOyolzyJ_c1-BboXhcjkwR2mmCC" +
			"FUzRWJn8Hq77abdIo-XtJNODcll94-TionuVHWrH2xgtaAnY_1Ebfw",
		signature: "lDqqsGdVqwErTgYiEKw-LBpFXKMPHGW-7g99VDhOTg1OOQIIMyaQ_vW6DPzv-_4o5rBaHs2LyjpQ-VQvF8OdKBlaUCA8eIUZ" +
			"XH6E2iZDa8n-f6mKUHDgobb1HYrH0nNP214LMtoN9sbJgxG8TUWLTpcEEsZ3Mu_-Z-CDEjv8ae0WQJC-PUGje95SEZ2hak_H" +
			"-6XY06uQW8p7G8z0aZqKvqGdC6Bln7bJS07G0G_QhpWPRDp0p4O3RA9gYPAcud7onzLC9v7mHj1hVI-2s6D2tknNi9XVpbvA" +
			"FvTHN4icedRcQbVAYSkGbiWd-gb6LsBc-TMN7GbtTPibgLD13NIsTw",
	},
	jwa.SHA512: {
		modulus: "wsSoYCNtPJCWoHbWulEH4Pe9geG6kW9zdXJL0rCwtjlWgTcVo0V6sEWLcfs1pFsn-e96w-V53qRd-_0HgZ7WtwIapTNsWEQq" +
			"rdlsqe6dMkc-nZJ4VitNECWK3mqY-xx8_cOzcW713sWM9zs1nziVmbS1hlqYY1GesAHDJDh9p1VFDbNBMJNg44B8BWW44sRP" +
			"vV5ujQTQBtfudouOhDYIKpD6DoN_MvRgh6tKDZviiqfaF5TOsBcqf1DtIPbfZB77y_0qrIl3XHYacxAJPGccl3-hiw1uAfsl" +
			"96QytCxlNZeExokgVxnBz246Zdri2kNMMm3egbtv__vb9t5cFrunSQ",
		signature: "oPRlgs3mviFTUbt7Kej_JDmIFvrZ5-LtbM8dC1KWutgnMWwYsVZSUykfocC66ppzU1fP-JIOECSuVwfdLwz8yebMgUAiF9m0" +
			"9R4Q3vK8L0kk59IsAi_IfWw-dy9JUgUNAnsAOrQmf_InoVzHyITNtGu8frOIUtDm2KEvSFzLAxIVcJdofeu2_q8rbayZgiTG" +
			"BHwdVycZW7jOBaWWaQNOiN4OSBWvAMZd71uXSNAXRVBWzBrG06d-MfzqTnJu2mvnvTPlCWluVNHRhYoRZfqezl1i5JPBozqz" +
			"yU0pSDihnzZ_t5nWtpFhvZUypu8xfeuRmSPXjjMwnxSpe2gCPWALTQ",
	},
}

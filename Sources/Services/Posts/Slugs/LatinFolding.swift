/// Latin letters as ASCII, as people write them who have no other keys.
///
/// Letters with marks that Unicode decomposes lose the marks; the table holds what has no
/// decomposition, and the German umlauts, which are written with an e.
enum LatinFolding {
  /// Combining marks, apostrophes and soft hyphens vanish without making a gap.
  static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x27, 0x60, 0xAD, 0xB4, 0x2019, 0x2018, 0x02BC, 0x200B...0x200D, 0xFEFF,
      0x0300...0x036F:
      true
    default: false
    }
  }

  /// The lower-case ASCII letters and digits of a scalar; none for another script.
  static func letters(of scalar: Unicode.Scalar) -> [UInt8] {
    if scalar.value < 0x80 {
      let byte = UInt8(scalar.value)
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        return [byte]
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): return [byte | 0x20]
      default: return []
      }
    }
    return table[scalar] ?? []
  }

  private static let table: [Unicode.Scalar: [UInt8]] = {
    var table: [Unicode.Scalar: [UInt8]] = [:]
    for (letters, variants) in groups {
      for scalar in variants.unicodeScalars { table[scalar] = Array(letters.utf8) }
    }
    return table
  }()

  // In normalization form C, both cases.
  private static let groups: [(letters: String, variants: String)] = [
    ("a", "àáâãåāăąǎǟǡǻȁȃȧạảấầẩẫậắằẳẵặḁªÀÁÂÃÅĀĂĄǍǞǠǺȀȂȦẠẢẤẦẨẪẬẮẰẲẴẶḀ"),
    ("ae", "äæǽǣÄÆǼǢ"),
    ("b", "ḃḅḇƀɓḂḄḆɃƁ"),
    ("c", "çćĉċčḉƈÇĆĈĊČḈƇ"),
    ("d", "ďđḋḍḏḑḓɖɗðĎĐḊḌḎḐḒƉƊÐ"),
    ("e", "èéêëēĕėęěȅȇȩẹẻẽếềểễệḕḗḙḛḝəÈÉÊËĒĔĖĘĚȄȆȨẸẺẼẾỀỂỄỆḔḖḘḚḜƏ"),
    ("f", "ḟƒḞƑ"),
    ("g", "ĝğġģǧǵḡǥɠĜĞĠĢǦǴḠǤƓ"),
    ("h", "ĥħȟḣḥḧḩḫẖĤĦȞḢḤḦḨḪ"),
    ("i", "ìíîïĩīĭįıǐȉȋḭḯỉịÌÍÎÏĨĪĬĮİǏȈȊḬḮỈỊ"),
    ("ij", "ĳĲ"),
    ("j", "ĵǰɉĴɈ"),
    ("k", "ķǩḱḳḵƙĸĶǨḰḲḴƘ"),
    ("l", "ĺļľŀłḷḹḻḽƚĹĻĽĿŁḶḸḺḼȽ"),
    ("m", "ḿṁṃḾṀṂ"),
    ("n", "ñńņňŉŋǹṅṇṉṋɲÑŃŅŇŊǸṄṆṈṊƝ"),
    ("o", "òóôõōŏőǒǫǭǿøȍȏȫȭȯȱơọỏốồổỗộớờởỡợṍṏṑṓºÒÓÔÕŌŎŐǑǪǬǾØȌȎȪȬȮȰƠỌỎỐỒỔỖỘỚỜỞỠỢṌṎṐṒ"),
    ("oe", "öœÖŒ"),
    ("p", "ṕṗƥṔṖƤ"),
    ("r", "ŕŗřȑȓṙṛṝṟŔŖŘȐȒṘṚṜṞ"),
    ("s", "śŝşšșſṡṣṥṧṩŚŜŞŠȘṠṢṤṦṨ"),
    ("ss", "ßẞ"),
    ("t", "ţťŧțṫṭṯṱẗƭŢŤŦȚṪṬṮṰƬ"),
    ("th", "þÞ"),
    ("u", "ùúûũūŭůűųǔǖǘǚǜȕȗưụủứừửữựṳṵṷṹṻÙÚÛŨŪŬŮŰŲǓǕǗǙǛȔȖƯỤỦỨỪỬỮỰṲṴṶṸṺ"),
    ("ue", "üÜ"),
    ("v", "ṽṿʋṼṾƲ"),
    ("w", "ŵẁẃẅẇẉẘŴẀẂẄẆẈ"),
    ("x", "ẋẍẊẌ"),
    ("y", "ýÿŷȳẏẙỳỵỷỹƴÝŸŶȲẎỲỴỶỸƳ"),
    ("z", "źżžẑẓẕƶŹŻŽẐẒẔƵ"),
    ("fi", "ﬁ"), ("fl", "ﬂ"), ("ff", "ﬀ"), ("ffi", "ﬃ"), ("ffl", "ﬄ"),
    ("0", "⁰₀"), ("1", "¹₁"), ("2", "²₂"), ("3", "³₃"), ("4", "⁴₄"), ("5", "⁵₅"),
    ("6", "⁶₆"), ("7", "⁷₇"), ("8", "⁸₈"), ("9", "⁹₉"),
  ]
}

# Writes the data of the examples from R's `datasets` and `MASS` packages.
# Run in this folder: Rscript data.R
json <- function(x) {
  one <- function(v) if (is.character(v)) paste0('"', v, '"') else format(v, digits = 15, trim = TRUE, scientific = FALSE)
  value <- function(v) {
    if (!is.null(names(v))) return(paste0("{", paste0('"', names(v), '": ', sapply(v, one), collapse = ", "), "}"))
    paste0("[", paste(sapply(v, one), collapse = ", "), "]")
  }
  paste0("{\n", paste0('  "', names(x), '": ', sapply(x, value), collapse = ",\n"), "\n}\n")
}
put <- function(name, x) cat(json(x), file = file.path(name, "data.json"))
csv <- function(name, x) write.csv(x, file.path(name, "data.csv"), row.names = FALSE, quote = FALSE)

chick <- as.character(ChickWeight$Chick)
first <- !duplicated(chick)
diet <- setNames(as.character(ChickWeight$Diet)[first], chick[first])
put("chick_weight", list(chick = chick, day = ChickWeight$Time, weight = ChickWeight$weight, diet = diet))

csv("infert", with(infert, data.frame(case, age, parity, induced, spontaneous)))
csv("insect_sprays", with(InsectSprays, data.frame(spray, count)))
csv("nile", data.frame(year = as.integer(time(Nile)), flow = as.integer(Nile)))
csv("dax", data.frame(r = round(100 * diff(log(as.numeric(EuStockMarkets[, "DAX"]))), 5)))
csv("lynx", data.frame(year = as.integer(time(lynx)), trapped = as.integer(lynx)))
csv("esoph", with(esoph, data.frame(age = agegp, alcohol = gsub("g/day", "", alcgp), tobacco = gsub("g/day", "", tobgp),
                                    cases = ncases, n = ncases + ncontrols)))
csv("faithful", faithful)
csv("stackloss", with(stackloss, data.frame(air = Air.Flow, water = Water.Temp, acid = Acid.Conc., loss = stack.loss)))
csv("quakes", data.frame(mag = sort(quakes$mag[quakes$mag > 4.55])))
csv("remission", with(MASS::gehan, data.frame(weeks = time, relapsed = cens, drug = treat)))
csv("nile_dam", data.frame(year = as.integer(time(Nile)), flow = as.integer(Nile)))
csv("geyser", data.frame(waiting = as.integer(MASS::geyser$waiting)))
csv("airquality", with(airquality, data.frame(ozone = Ozone, solar = Solar.R, wind = Wind, temp = Temp)))

# The reactor experiment of Box, Hunter & Hunter (1978), in standard order, with a column of ±1 for each of its 31 effects.
reacted <- c(61, 53, 63, 61, 53, 56, 54, 61, 69, 61, 94, 93, 66, 60, 95, 98, 56, 63, 70, 65, 59, 55, 67, 65, 44, 45, 78, 77, 49, 42, 81, 82)
x <- model.matrix(~ A * B * C * D * E, expand.grid(A = c(-1, 1), B = c(-1, 1), C = c(-1, 1), D = c(-1, 1), E = c(-1, 1)))[, -1]
term <- paste0('"', gsub(":", "", colnames(x)), '"')
row <- function(v) paste0("[", paste(v, collapse = ", "), "]")
cat(sprintf('{\n  "term": %s,\n  "x": {\n%s\n  },\n  "y": %s\n}\n', row(term), paste0("    ", term, ": ", apply(x, 2, row), collapse = ",\n"), row(reacted)),
    file = "reactor/data.json")

# A stratified sample of schools, and the number of schools of its kind that each stands for.
data(api, package = "survey")
csv("schools", with(apistrat, data.frame(kind = stype, api = api00, meals, weight = round(pw, 2))))

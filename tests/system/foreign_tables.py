"""Tables of programs that are not ours, with the names and columns of their public schemas.

Easy!Appointments 1.5: its migrations; OpenEMR 7: its database.sql (of patient_data, which has some 130
columns, those that say who somebody is and how they are reached). The types are the nearest ones that both
SQLite and PostgreSQL know.
"""

EASYAPPOINTMENTS = (
    """
    CREATE TABLE ea_appointments (
        id bigint PRIMARY KEY, create_datetime timestamp, update_datetime timestamp, book_datetime timestamp,
        start_datetime timestamp, end_datetime timestamp, location text, notes text, hash text,
        color varchar(256) DEFAULT '#7cbae8', status varchar(512) DEFAULT '',
        is_unavailability smallint DEFAULT 0 NOT NULL, id_users_provider bigint, id_users_customer bigint,
        id_services bigint, id_google_calendar text, id_caldav_calendar text
    )
    """,
    """
    CREATE TABLE ea_services (
        id bigint PRIMARY KEY, create_datetime timestamp, update_datetime timestamp, name varchar(256),
        duration integer, price decimal(10,2), currency varchar(32), description text, location text,
        color varchar(256), availabilities_type varchar(32) DEFAULT 'flexible',
        attendants_number integer DEFAULT 1, is_private smallint DEFAULT 0, id_service_categories bigint
    )
    """,
    """
    CREATE TABLE ea_users (
        id bigint PRIMARY KEY, create_datetime timestamp, update_datetime timestamp, first_name varchar(256),
        last_name varchar(512), email varchar(512), mobile_number varchar(128), phone_number varchar(128),
        address varchar(256), city varchar(256), state varchar(128), zip_code varchar(64), notes text,
        timezone varchar(256) DEFAULT 'UTC', language varchar(256) DEFAULT 'english',
        is_private smallint DEFAULT 0, id_roles bigint
    )
    """,
)

OPENEMR = (
    """
    CREATE TABLE openemr_postcalendar_events (
        pc_eid integer PRIMARY KEY, pc_catid integer DEFAULT 0 NOT NULL, pc_multiple integer DEFAULT 0,
        pc_aid varchar(30), pc_pid varchar(11), pc_gid integer DEFAULT 0, pc_title varchar(150),
        pc_time timestamp, pc_hometext text, pc_comments integer DEFAULT 0, pc_counter integer DEFAULT 0,
        pc_topic integer DEFAULT 1, pc_informant varchar(20), pc_eventDate date NOT NULL, pc_endDate date,
        pc_duration bigint DEFAULT 0, pc_recurrtype integer DEFAULT 0 NOT NULL, pc_recurrspec text,
        pc_recurrfreq integer DEFAULT 0, pc_startTime time, pc_endTime time,
        pc_alldayevent integer DEFAULT 0, pc_location text, pc_conttel varchar(50), pc_contname varchar(50),
        pc_contemail varchar(255), pc_website varchar(255), pc_fee varchar(50),
        pc_eventstatus integer DEFAULT 1, pc_sharing integer DEFAULT 0, pc_language varchar(30),
        pc_apptstatus varchar(15) DEFAULT '-' NOT NULL, pc_prefcatid integer DEFAULT 0,
        pc_facility integer DEFAULT 0, pc_sendalertsms varchar(3) DEFAULT 'NO',
        pc_sendalertemail varchar(3) DEFAULT 'NO', pc_billing_location integer DEFAULT 0,
        pc_room varchar(20) DEFAULT ''
    )
    """,
    """
    CREATE TABLE openemr_postcalendar_categories (
        pc_catid integer PRIMARY KEY, pc_constant_id varchar(255), pc_catname varchar(100),
        pc_catcolor varchar(50), pc_catdesc text, pc_recurrtype integer DEFAULT 0, pc_enddate date,
        pc_recurrspec text, pc_recurrfreq integer DEFAULT 0, pc_duration bigint DEFAULT 0,
        pc_end_date_flag smallint DEFAULT 0, pc_end_date_type integer, pc_end_date_freq integer DEFAULT 0,
        pc_end_all_day smallint DEFAULT 0, pc_dailylimit integer DEFAULT 0,
        pc_cattype integer DEFAULT 0 NOT NULL, pc_active smallint DEFAULT 1, pc_seq integer DEFAULT 0
    )
    """,
    """
    CREATE TABLE patient_data (
        id bigint, title varchar(255) DEFAULT '', language varchar(255) DEFAULT '',
        fname varchar(255) DEFAULT '', lname varchar(255) DEFAULT '', mname varchar(255) DEFAULT '',
        street varchar(255) DEFAULT '', postal_code varchar(255) DEFAULT '', city varchar(255) DEFAULT '',
        phone_home varchar(255) DEFAULT '', phone_biz varchar(255) DEFAULT '',
        phone_contact varchar(255) DEFAULT '', phone_cell varchar(255) DEFAULT '',
        sex varchar(255) DEFAULT '', email varchar(255) DEFAULT '', pubpid varchar(255) DEFAULT '',
        pid bigint PRIMARY KEY, hipaa_voice varchar(3) DEFAULT '', hipaa_allowsms varchar(3) DEFAULT 'NO',
        hipaa_allowemail varchar(3) DEFAULT 'NO', deceased_date timestamp
    )
    """,
    """
    CREATE TABLE facility (
        id integer PRIMARY KEY, name varchar(255), phone varchar(30), fax varchar(30), street varchar(255),
        city varchar(255), state varchar(50), postal_code varchar(11), country_code varchar(30) DEFAULT '',
        website varchar(255), email varchar(255), color varchar(7) DEFAULT '', facility_code varchar(31)
    )
    """,
)


def recurrence(frequency: str = "", unit: int = 1, *, without: str = "") -> str:
    """What OpenEMR writes to pc_recurrspec: a list by PHP's serialize().

    Args:
        frequency: every so many units; for unit 6 the days of the week, Sunday is 1.
        unit: 0 day, 1 week, 2 month, 3 year, 4 workday, 6 days of the week.
        without: days that are left out, as in 20261125, with commas between them.
    """
    entries = {
        "event_repeat_freq": frequency,
        "event_repeat_freq_type": str(unit),
        "event_repeat_on_num": "1",
        "event_repeat_on_day": "0",
        "event_repeat_on_freq": "0",
        "exdate": without,
    }
    texts = (f's:{len(text)}:"{text}";' for entry in entries.items() for text in entry)
    return f"a:{len(entries)}:{{{''.join(texts)}}}"
